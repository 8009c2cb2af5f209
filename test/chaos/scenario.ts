import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { readRunDeadLetters } from '../../runtime/verify/run-dead-letters.ts';
import type { Unread } from '../../runtime/verify/message-ends.ts';
import { startVerification, type Verification, type VerifySettings } from '../../runtime/verify/verification.ts';
import type { Started } from '../brokers/started.ts';
import type { OwnEndpoint, Words } from '../brokers/test-bus.ts';
import { patient } from '../harness/patience.ts';
import { newProject, pipelineText } from '../harness/project.ts';
import { type Bridge, startBridge, stateFolder } from '../harness/bridge.ts';
import { endsOf } from '../verify/ends-of.ts';
import { CLASSES } from './classes.ts';

/** A pipeline between two buses, one route a class. */
export interface Scenario {
  readonly source: Started;
  readonly sink: Started;
  readonly classes: readonly TrafficClass[];
  /** Words of every route beside those of its class. */
  readonly route?: Words;
  /** Words of every source beside those that the bus and the class need. */
  readonly from?: Words;
  /** Words of the source's connection beside its address. */
  readonly connection?: Words;
}

/** Servers prepared, a project written: bridges and checkers can come. */
export interface RunningScenario extends AsyncDisposable {
  /** Another instance has a state folder of its own. */
  start(instance?: string): Bridge;
  /** A checker for each route; the sending begins at once, and ends with the scenario. */
  check(settings: Pick<VerifySettings, 'lastsMs'> & Partial<VerifySettings>): Promise<Checks>;
  /** Copies the pipeline file and what every bridge and both servers have logged into the folder. */
  keepLogs(folder: string): void;
}

export type Checks = ReadonlyMap<TrafficClass, Verification>;

/** Of all routes together: enough that there is always something under way. */
const RATE_PER_SECOND = 400;
/** Longer than any client of ours waits for a server that went silent. */
const QUIET_MS = patient(25_000);
const SILENT = { info() {}, warn() {}, error() {} };

let started = 0;

export async function startScenario(scenario: Scenario): Promise<RunningScenario> {
  const { source, sink, classes } = scenario;
  started += 1;
  const number = started;
  const tagOf = (name: TrafficClass): string => `${source.bus}-${sink.bus}-${name}-${number}`;
  const project = newProject({ 'pipelines/chaos.yaml': pipelineText(pipelineWords(scenario, number, tagOf)) });
  await source.endpoint.prepare('source', classes.map(tagOf));
  await sink.endpoint.prepare('sink', classes.map(tagOf));
  const bridges: Bridge[] = [];
  const over = new AbortController();
  return {
    start(instance) {
      const own = instance === undefined ? [] : ['--state', stateFolder(project.folder, instance)];
      const bridge = startBridge(project.folder, project.path('pipelines/chaos.yaml'), own);
      bridges.push(bridge);
      return bridge;
    },
    async check(settings) {
      const checks = new Map<TrafficClass, Verification>();
      const state = stateFolder(project.folder, 'chaos');
      for (const name of classes) {
        const ends = endsOf({
          name: `check-${tagOf(name)}`,
          buses: { near: source.endpoint.direct, far: sink.endpoint.direct },
          in: { bus: 'near', ...source.endpoint.entrance(tagOf(name)).checker },
          out: { bus: 'far', ...sink.endpoint.exit(tagOf(name)).checker },
        });
        const own = {
          ...settingsOf(name, classes.length, state),
          isStamped: sink.endpoint.isStamped,
          unread: (run: string) => unreadAt(source.endpoint, sink.endpoint, tagOf(name), run),
        };
        const signal = AbortSignal.any([over.signal, ...(settings.signal === undefined ? [] : [settings.signal])]);
        const check = await startVerification(ends, { ...own, ...settings, signal });
        // A test that fails before it asks for the verdict has an error of its own.
        check.report.catch(() => {});
        checks.set(name, check);
      }
      return checks;
    },
    keepLogs(folder) {
      const file = project.path('pipelines/chaos.yaml');
      copyFileSync(file, join(folder, basename(file)));
      for (const [at, bridge] of bridges.entries()) {
        writeFileSync(join(folder, `bridge-${at + 1}.log`), bridge.stdout() + bridge.stderr());
      }
      writeFileSync(join(folder, `source-${source.bus}.log`), source.endpoint.server.log());
      if (sink.endpoint.server === source.endpoint.server) return;
      writeFileSync(join(folder, `sink-${sink.bus}.log`), sink.endpoint.server.log());
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await Promise.all(bridges.map((bridge) => bridge.kill()));
      project[Symbol.dispose]();
    },
  };
}

function pipelineWords(scenario: Scenario, number: number, tagOf: (name: TrafficClass) => string): object {
  const { source, sink, classes } = scenario;
  return {
    // Client ids and consumer groups are made from it: two started may stand side by side.
    name: `chaos-${number}`,
    buses: {
      near: { ...source.endpoint.through('source'), ...scenario.connection },
      far: sink.endpoint.through('sink'),
    },
    routes: classes.map((name) => {
      const { route, from } = CLASSES[name];
      return {
        name,
        ...route,
        ...scenario.route,
        from: { bus: 'near', ...source.endpoint.entrance(tagOf(name), name).bridge, ...from, ...scenario.from },
        to: { bus: 'far', ...sink.endpoint.exit(tagOf(name)).bridge },
      };
    }),
  };
}

function settingsOf(name: TrafficClass, routes: number, state: string): Omit<VerifySettings, 'signal'> {
  const { allowed, mayDeadLetter, expiresMs } = CLASSES[name];
  return {
    catalog,
    log: SILENT,
    trafficClass: name,
    ratePerSecond: Math.round(RATE_PER_SECOND / routes),
    count: Infinity,
    lastsMs: Infinity,
    keys: 8,
    sizeBytes: 256,
    body: {},
    labels: ['S;REL=A', 'U'],
    expiresMs,
    // Expiry crosses buses in whole seconds, and what was handed over in time may wait in a server that is paused.
    slackMs: patient(5000),
    quietMs: QUIET_MS,
    wedgedMs: patient(60_000),
    markPlace: 'body',
    allowed: new Set(allowed),
    deadLetters: (run) => (mayDeadLetter ? readRunDeadLetters(state, run, undefined).names : undefined),
    onProblem: () => {},
  };
}

/** Whether either server had a message last, and let it expire. */
async function unreadAt(source: OwnEndpoint, sink: OwnEndpoint, tag: string, run: string): Promise<Unread> {
  const first = await source.unread?.('source', tag, run);
  const last = await sink.unread?.('sink', tag, run);
  return (name) => first?.(name) === true || last?.(name) === true;
}
