import { readFileSync } from 'node:fs';
import type { CheckLine } from '#contract/doctor.ts';
import { messageOf } from '#contract/errors.ts';
import { perSecond, RATE_PATTERN } from '#kit/quantity.ts';
import { catalog } from '../host/catalog.ts';
import { examineBuses } from '../host/doctor/examine.ts';
import { examineMachine } from '../host/doctor/examine-machine.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { withinDeadline } from './check-deadline.ts';
import { readPipeline } from './checked-pipeline.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { doctorText } from './doctor-text.ts';
import { durationOption } from './duration-option.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printJson } from './output.ts';
import { standardState } from './state-folder.ts';
import { refuseFindings } from './refuse-findings.ts';

const LONGEST_OUTAGE = '3650d';

export const doctor: Command = {
  usage: 'PIPELINE [--timeout 10s] [--outage 1h] [--rate 100/s] [--config NAME=FILE]... [--state DIR] [--json]',
  help: {
    '--timeout DURATION': 'how long each connection may take, all at the same time (default 10s)',
    '--outage DURATION': 'the longest outage that the pipeline is to survive (default 1h)',
    '--rate RATE': 'messages a second that each source gets; without it what the servers show',
    '--config NAME=FILE':
      'configuration file of the server behind connection NAME, for settings that no server tells: mosquitto.conf, nats-server.conf, rabbitmq.conf',
    '--state DIR': 'the state folder of the pipeline (default .sluice/NAME beside the project)',
    '--json': 'print one JSON object instead of text',
  },
  examples: [
    ['pipelines/orders.yaml', 'looks at every bus of the file, and at this machine'],
    [
      'pipelines/orders.yaml --outage 1d --config field=/etc/mosquitto/mosquitto.conf',
      'for an outage of a day, and with what mosquitto itself does not tell',
    ],
  ],
  options: {
    timeout: { type: 'string' },
    outage: { type: 'string' },
    rate: { type: 'string' },
    config: { type: 'string', multiple: true },
    state: { type: 'string' },
    json: { type: 'boolean' },
  },
  words: 1,
  async run(given) {
    const file = given.positionals[0] ?? '';
    const isJson = given.values['json'] === true;
    const settings = settingsOf(given);
    const { result, project } = await withinDeadline(file, { output: isJson ? 'stdout' : 'stderr', isJson }, () =>
      readPipeline(file, 'run'),
    );
    const { spec, findings } = result;
    if (spec === undefined) return refuseFindings(findings, isJson ? 'doctor' : undefined);
    const configs = configsOf(given, spec);
    const { state } = given.values;
    const machine = examineMachine(spec, {
      home: project.folder,
      stateFolder: typeof state === 'string' ? state : standardState(project.folder, spec.name),
    });
    const done = progress(`reaching ${[...spec.connections.keys()].join(', ')} …`);
    const connections = await examineBuses(spec, { catalog, ...settings, configs });
    done();
    const exitCode = exitOf(
      machine,
      connections.flatMap(({ lines }) => lines),
    );
    const report = { connections, machine };
    if (isJson) printJson('doctor', { ok: exitCode === EXIT.fine, ...report });
    else process.stdout.write(doctorText(report, process.stdout, process.env));
    return exitCode;
  },
};

interface Settings {
  readonly timeoutMs: number;
  readonly outageMs: number;
  readonly perSecond: number | undefined;
}

function settingsOf({ values }: Arguments): Settings {
  const { timeout, outage, rate } = values;
  if (typeof rate === 'string' && !new RegExp(RATE_PATTERN).test(rate))
    throw new UsageError(`expected --rate with a rate (100/s), found ${rate}`);
  return {
    timeoutMs: durationOption('--timeout', typeof timeout === 'string' ? timeout : '10s', '10s'),
    outageMs: durationOption('--outage', typeof outage === 'string' ? outage : '1h', '1h', LONGEST_OUTAGE),
    perSecond: typeof rate === 'string' ? perSecond(rate) : undefined,
  };
}

function configsOf({ values: { config } }: Arguments, { connections }: PipelineSpec): ReadonlyMap<string, string> {
  const given = Array.isArray(config) ? config.map(String) : [];
  return new Map(
    given.map((text) => {
      const [, name = '', path = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
      if (!connections.has(name)) {
        const known = [...connections.keys()].join(', ');
        throw new UsageError(`expected --config NAME=FILE with a connection of the file (${known}), found ${text}`);
      }
      try {
        return [name, readFileSync(path, 'utf8')] as const;
      } catch (thrown) {
        throw new UsageError(`expected a configuration file behind --config ${name}=, found ${messageOf(thrown)}`);
      }
    }),
  );
}

const isError = ({ verdict }: CheckLine): boolean => verdict === 'error';

/** A server that is away, and a machine that is not fit, are no fault of the file. */
export function exitOf(machine: readonly CheckLine[], buses: readonly CheckLine[]): ExitCode {
  const away = buses.filter(({ code }) => code === 'REACHABLE');
  if ([...machine, ...away].some(isError)) return EXIT.environment;
  return buses.some(isError) ? EXIT.invalid : EXIT.fine;
}

/** One line on a terminal while the servers are asked; the result removes it. */
function progress(text: string): () => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  stderr.write(text.slice(0, Math.max(1, stderr.columns - 1)));
  return () => stderr.write('\r\u001B[2K');
}
