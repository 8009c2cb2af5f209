import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '#kit/deadline.ts';
import { catalog } from '../host/catalog.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import { drawScene, sceneLine } from '../demo/scene-text.ts';
import { hasEmbeddedBroker } from '../demo/embedded-broker.ts';
import { tallyingLog } from '../demo/dead-letter-tally.ts';
import { type DemoBuses, startBuses, startTraffic, type Traffic } from '../demo/stage-demo.ts';
import { type JaegerBeside, jaegerBeside } from '../demo/jaeger-beside.ts';
import { type Evidence, imbalances } from '../demo/verdict.ts';
import { packageFolder } from '../project/package-folder.ts';
import { type RunningPipeline, startPipeline } from '../host/pipeline.ts';
import { newLog } from '../telemetry/log.ts';
import { readPipeline } from './checked-pipeline.ts';
import type { Command } from './command.ts';
import { durationOption } from './duration-option.ts';
import { reportFailure } from './report-failure.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { untilSignal } from './run-until-signal.ts';
import { loadParts } from './load-parts.ts';
import { commandPrefix } from './command-prefix.ts';
import { newScreen } from './screen.ts';
import { shortPath } from './short-path.ts';

const STATE = join('.sluice', 'demo');
/** npm's scripts run on the Node of this folder; the one on the user's PATH may be too old for a copied command. */
const INSTALLED = join('node_modules', '.bin');

/** The commands to suggest once there are dead letters. */
const LETTER_WORDS: readonly ((pipeline: string) => string)[] = [
  (pipeline) => `dlq list ${pipeline} --state ${STATE} --limit 5`,
  (pipeline) => `dlq show ${pipeline} 1 --state ${STATE}`,
];

export const demo: Command = {
  usage: '[--for 15s]',
  help: { '--for DURATION': 'end by itself after that time (default: until Ctrl-C)' },
  examples: [
    ['', 'until Ctrl-C'],
    ['--for 15s', 'for so long; exit code 0 where every message is accounted for'],
  ],
  options: { for: { type: 'string' } },
  words: 0,
  async run({ values }) {
    const lastsMs = typeof values['for'] === 'string' ? durationOption('--for', values['for'], '15s') : undefined;
    const { log, tallies } = tallyingLog(newLog({ write: (line) => process.stderr.write(line), isJson: false }));
    if (!(await hasEmbeddedBroker())) {
      process.stderr.write(
        'sluice: the demo runs on an MQTT broker that the package leaves out: npm install --save-dev aedes\n',
      );
      return EXIT.environment;
    }
    const buses = await startBuses(process.env['NATS_URL']);
    try {
      const jaeger = await jaegerBeside(process.env);
      const bridge = await startBridge(buses, log, jaeger);
      if (bridge === undefined) return EXIT.invalid;
      const signalled = untilSignal(log);
      // The bridge first: it makes the NATS streams.
      const isReady = await Promise.race([bridge.ready.then(() => true), signalled.then(() => false)]);
      if (!isReady) return EXIT.fine;
      const traffic = await startTraffic(buses, bridge, log);
      process.stdout.write(opening(buses, bridge));
      const stopShow = show(traffic, tallies);
      await Promise.race([signalled, bridge.lost, ...(lastsMs === undefined ? [] : [pause(lastsMs)])]);
      stopShow();
      const evidence = await traffic.settle(tallies);
      return conclude(evidence, pipelineFile(buses), jaeger && traceLine(jaeger, bridge.newestTrace()));
    } catch (thrown) {
      return reportFailure(thrown, log);
    } finally {
      await buses.close();
    }
  },
};

async function startBridge(
  buses: DemoBuses,
  log: ReturnType<typeof tallyingLog>['log'],
  jaeger: JaegerBeside | undefined,
): Promise<RunningPipeline | undefined> {
  Object.assign(process.env, buses.environment, jaeger?.environment);
  const { result, project } = readPipeline(pipelineFile(buses), 'run');
  const { spec } = result;
  if (spec === undefined) {
    process.stderr.write(findingsText(withoutNotices(result.findings)));
    return undefined;
  }
  const { parts, findings } = await loadParts(result.named, project);
  process.stderr.write(findingsText(withoutNotices(findings)));
  if (!findingsEnvelope(findings).ok) return undefined;
  return startPipeline(spec, {
    catalog,
    parts,
    log,
    stateFolder: STATE,
    // For the page. A free port: the demo must start wherever it is typed.
    admin: { host: '127.0.0.1', port: 0, isWritable: true, traceUrl: jaeger?.url },
    failFast: true,
    drainMs: 10_000,
    environment: process.env,
  });
}

/** The first two lines. */
function opening({ pipeline, field, core }: DemoBuses, { adminUrl = '' }: RunningPipeline): string {
  return `The demo bridges ${field} and ${core} by pipelines/${pipeline}.yaml. Ctrl-C ends it.\nThe operator's page: ${adminUrl}/\n`;
}

/** A board that redraws in a terminal, a line a second elsewhere. */
function show(traffic: Traffic, tallies: Parameters<Traffic['settle']>[0]): () => void {
  const { stdout } = process;
  if (!stdout.isTTY) {
    let isFirst = true;
    const timer = setInterval(() => {
      const scene = traffic.scene(tallies());
      if (isFirst && scene.latest !== undefined) stdout.write(`first track: ${scene.latest}\n`);
      isFirst &&= scene.latest === undefined;
      stdout.write(`${sceneLine(scene)}\n`);
    }, 1000);
    return () => clearInterval(timer);
  }
  const screen = newScreen(stdout);
  // A terminal without a width reports 0.
  const timer = setInterval(() => screen.draw(drawScene(traffic.scene(tallies()), stdout.columns || 80)), 250);
  return () => {
    clearInterval(timer);
    screen.leave();
  };
}

function pipelineFile({ pipeline }: DemoBuses): string {
  return join(packageFolder(), 'pipelines', `${pipeline}.yaml`);
}

function traceLine({ url }: JaegerBeside, traceId: string | undefined): string | undefined {
  return traceId && `The newest trace: ${url}/trace/${traceId}`;
}

function conclude(evidence: Evidence, pipeline: string, trace: string | undefined): ExitCode {
  const wrong = imbalances(evidence);
  const { reported, tracks, ordersGiven, ordersReceived, routes, tallies } = evidence;
  const lines = [
    '',
    `The fleet sent ${reported} reports; the core saw ${tracks} tracks. The core gave ${ordersGiven} orders; the fleet saw ${ordersReceived}.`,
    ...routes.map(
      ({ route, accepted, delivered, superseded, expired, blocked, deadLettered, held }) =>
        `${route}: ${accepted} accepted = ${delivered} delivered + ${superseded} superseded + ${expired} expired + ${blocked} blocked + ${deadLettered} dead letters + ${held} held`,
    ),
    ...tallies.map(({ code, count, example }) => `  ${count} x ${code}: ${example}`),
    ...(wrong.length === 0
      ? ['It balances: nothing was lost.']
      : ['It does not balance:', ...wrong.map((line) => `  ${line}`)]),
    ...(trace === undefined ? [] : [trace]),
    '',
    'Try next, in this folder:',
    ...(existsSync(join(INSTALLED, 'node'))
      ? [`  export PATH="$PWD/${INSTALLED}:$PATH"  # the Node that npm has installed here`]
      : []),
    ...(tallies.length === 0 ? [] : LETTER_WORDS.map((words) => `  ${commandPrefix()} ${words(shortPath(pipeline))}`)),
    `  ${commandPrefix()} explain ${shortPath(pipeline)}`,
    'README.md, "A pipeline of your own", has the files to begin with.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return wrong.length === 0 ? EXIT.fine : EXIT.internal;
}
