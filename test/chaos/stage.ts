import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { readRunDeadLetters } from '../../runtime/verify/run-dead-letters.ts';
import type { Unread } from '../../runtime/verify/message-ends.ts';
import { startVerification, type Verification, type VerifySettings } from '../../runtime/verify/verification.ts';
import { patient } from '../harness/patience.ts';
import { newProject, pipelineText } from '../host/project.ts';
import { type Bridge, startBridge, stateFolder } from '../kill/bridge.ts';
import { endsOf } from '../verify/ends-of.ts';
import { CLASSES } from './classes.ts';
import type { Corner, Gate, Words } from './corner.ts';

/** A pipeline between two buses, one route a class. */
export interface Play {
  readonly source: { readonly bus: string; readonly corner: Corner };
  readonly sink: { readonly bus: string; readonly corner: Corner };
  readonly classes: readonly TrafficClass[];
  /** Words of every route beside those of its class. */
  readonly route?: Words;
  /** Words of every source beside those that the bus and the class need. */
  readonly from?: Words;
  /** Words of the source's connection beside its address. */
  readonly connection?: Words;
}

/** Servers prepared, a project written: bridges and checkers can come. */
export interface Stage extends AsyncDisposable {
  /** Another instance has a state folder of its own. */
  start(instance?: string): Bridge;
  /** A checker for each route; the sending begins at once. */
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

let stages = 0;

export async function setStage(play: Play): Promise<Stage> {
  const { source, sink, classes } = play;
  stages += 1;
  const number = stages;
  const tagOf = (name: TrafficClass): string => `${source.bus}-${sink.bus}-${name}-${number}`;
  const project = newProject({ 'pipelines/chaos.yaml': pipelineText(pipelineWords(play, number, tagOf)) });
  await source.corner.prepare('source', classes.map(tagOf));
  await sink.corner.prepare('sink', classes.map(tagOf));
  const bridges: Bridge[] = [];
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
          buses: { near: source.corner.direct, far: sink.corner.direct },
          in: { bus: 'near', ...entranceOf(source.corner, tagOf(name)).checker },
          out: { bus: 'far', ...sink.corner.exit(tagOf(name)).checker },
        });
        const own = {
          ...settingsOf(name, classes.length, state),
          isStamped: sink.corner.isStamped ?? false,
          unread: (run: string) => unreadAt(source.corner, sink.corner, tagOf(name), run),
        };
        checks.set(name, await startVerification(ends, { ...own, ...settings }));
      }
      return checks;
    },
    keepLogs(folder) {
      const file = project.path('pipelines/chaos.yaml');
      copyFileSync(file, join(folder, basename(file)));
      const logs = readdirSync(project.folder).filter((name) => name.endsWith('.log'));
      for (const name of logs) copyFileSync(join(project.folder, name), join(folder, `bridge-${name}`));
      writeFileSync(join(folder, `source-${source.bus}.log`), source.corner.server.log());
      if (sink.corner.server === source.corner.server) return;
      writeFileSync(join(folder, `sink-${sink.bus}.log`), sink.corner.server.log());
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(bridges.map((bridge) => bridge.kill()));
      project[Symbol.dispose]();
    },
  };
}

function pipelineWords(play: Play, number: number, tagOf: (name: TrafficClass) => string): object {
  const { source, sink, classes } = play;
  return {
    // Client ids and consumer groups are made from it: two stages may stand side by side.
    name: `chaos-${number}`,
    buses: { near: { ...source.corner.through('source'), ...play.connection }, far: sink.corner.through('sink') },
    routes: classes.map((name) => {
      const { route, from } = CLASSES[name];
      return {
        name,
        ...route,
        ...play.route,
        from: { bus: 'near', ...entranceOf(source.corner, tagOf(name)).bridge, ...from, ...play.from },
        to: { bus: 'far', ...sink.corner.exit(tagOf(name)).bridge },
      };
    }),
  };
}

function settingsOf(name: TrafficClass, routes: number, state: string): VerifySettings {
  const { allowed, mayBury, expiresMs } = CLASSES[name];
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
    deadLetters: (run) => (mayBury ? readRunDeadLetters(state, run, undefined).names : undefined),
    signal: new AbortController().signal,
    onProblem: () => {},
  };
}

/** Whether either server had a message last, and let it expire. */
async function unreadAt(source: Corner, sink: Corner, tag: string, run: string): Promise<Unread> {
  const first = await source.unread?.('source', tag, run);
  const last = await sink.unread?.('sink', tag, run);
  return (name) => first?.(name) === true || last?.(name) === true;
}

function entranceOf({ entrance }: Corner, tag: string): Gate {
  if (entrance === undefined) throw new Error('this bus gives nothing again: it is no source under chaos');
  return entrance(tag);
}
