import { setTimeout as sleep } from 'node:timers/promises';
import { catalog } from '../../runtime/catalog.ts';
import { deadLetterNames } from '../../runtime/dead-letter-names.ts';
import { startVerification, type Verification } from '../../runtime/verification.ts';
import type { Report, TrafficClass } from '../../runtime/verify/verdicts.ts';
import { newProject, pipelineText } from '../host/project.ts';
import { type Bridge, startBridge, stateFolder } from '../kill/bridge.ts';
import { dice } from '../kill/random.ts';
import { endsOf } from '../verify/ends-of.ts';
import { type ChaosClass, CLASSES } from './classes.ts';
import type { Corner } from './corner.ts';
import { drawn, faultsOf, type Victim } from './faults.ts';

export interface ChaosPlan {
  readonly source: { readonly bus: string; readonly corner: Corner };
  readonly sink: { readonly bus: string; readonly corner: Corner };
  readonly classes: readonly TrafficClass[];
  readonly lastsMs: number;
  readonly seed: number;
  /** Hears what befalls whom, and when. */
  readonly tell: (text: string) => void;
}

export interface ChaosOutcome {
  readonly reports: ReadonlyMap<TrafficClass, Report>;
  readonly faults: readonly string[];
  /** What is wrong beside the verdicts: a bridge that ended by itself, or badly. */
  readonly complaints: readonly string[];
  readonly bridgeLog: string;
}

/** Of all routes together: enough that there is always something under way. */
const RATE_PER_SECOND = 400;
const KEYS = 8;
const LABELS = ['S;REL=A', 'U'];
const STOP_MS = 30_000;
const GAP_MS = { least: 200, most: 1500 };
/** Longer than any client of ours waits for a server that went silent. */
const QUIET_MS = 25_000;
const WEDGED_MS = 60_000;

let runs = 0;

/** One pair of buses, a route for each class between them, under everything that can go wrong. */
export async function runChaos(plan: ChaosPlan): Promise<ChaosOutcome> {
  const { source, sink, classes, lastsMs, tell } = plan;
  runs += 1;
  const tagOf = (name: TrafficClass): string => `${source.bus}-${sink.bus}-${name}-${runs}`;
  using project = newProject({ 'pipelines/chaos.yaml': pipelineText(pipelineWords(plan, tagOf)) });
  const tags = classes.map(tagOf);
  await source.corner.prepare('source', tags);
  await sink.corner.prepare('sink', tags);

  const bridges: Bridge[] = [];
  const start = (): Bridge => {
    const bridge = startBridge(project.folder, project.path('pipelines/chaos.yaml'));
    bridges.push(bridge);
    return bridge;
  };
  let bridge = start();
  try {
    await bridge.ready();
    const state = stateFolder(project.folder, 'chaos');
    const checks = new Map<TrafficClass, Verification>();
    for (const name of classes) checks.set(name, await startCheck(plan, name, tagOf(name), state));
    const victim: Victim = {
      async kill() {
        await bridge.kill();
        bridge = start();
      },
      signal: (signal) => bridge.process.signal(signal),
    };
    const faults = await strikes(plan, victim, lastsMs);
    tell('calm');
    const reports = new Map<TrafficClass, Report>();
    for (const [name, check] of checks) reports.set(name, await check.report);
    const complaints = await farewell(bridges, bridge);
    return { reports, faults, complaints, bridgeLog: bridges.map((one) => one.tail()).join('\n---\n') };
  } finally {
    await bridge.kill();
  }
}

function pipelineWords({ source, sink, classes }: ChaosPlan, tagOf: (name: TrafficClass) => string): object {
  return {
    name: 'chaos',
    buses: { near: source.corner.through('source'), far: sink.corner.through('sink') },
    routes: classes.map((name) => {
      const { route, from } = classOf(name);
      return {
        name,
        ...route,
        from: { bus: 'near', ...entrance(source.corner, tagOf(name)).bridge, ...from },
        to: { bus: 'far', ...sink.corner.exit(tagOf(name)).bridge },
      };
    }),
  };
}

function startCheck(
  { source, sink, classes, lastsMs }: ChaosPlan,
  name: TrafficClass,
  tag: string,
  state: string,
): Promise<Verification> {
  const { allowed, mayBury, expiresMs } = classOf(name);
  const ends = endsOf({
    name: `check-${tag}`,
    buses: { near: source.corner.direct, far: sink.corner.direct },
    in: { bus: 'near', ...entrance(source.corner, tag).checker },
    out: { bus: 'far', ...sink.corner.exit(tag).checker },
  });
  return startVerification(ends, {
    catalog,
    log: { info() {}, warn() {}, error() {} },
    trafficClass: name,
    ratePerSecond: Math.round(RATE_PER_SECOND / classes.length),
    count: Infinity,
    lastsMs,
    keys: KEYS,
    sizeBytes: 256,
    body: {},
    labels: LABELS,
    expiresMs,
    slackMs: 5000,
    quietMs: QUIET_MS,
    wedgedMs: WEDGED_MS,
    markPlace: 'body',
    allowed: new Set(allowed),
    deadLetters: (run) => (mayBury ? deadLetterNames(state, run) : undefined),
    signal: new AbortController().signal,
    onProblem: () => {},
  });
}

/** One fault after the other until the time is over. */
async function strikes({ source, sink, seed, tell }: ChaosPlan, victim: Victim, lastsMs: number): Promise<string[]> {
  const roll = dice(seed);
  const faults = drawn(faultsOf(victim, source.corner, sink.corner), roll);
  const startMs = Date.now();
  const struck: string[] = [];
  while (Date.now() - startMs < lastsMs) {
    await sleep(roll(GAP_MS.least, GAP_MS.most));
    const { value: fault } = faults.next();
    const atMs = Date.now() - startMs;
    await fault.strike(roll);
    tell(`${(atMs / 1000).toFixed(1)} s  ${fault.name}, for ${Date.now() - startMs - atMs} ms`);
    struck.push(fault.name);
  }
  return struck;
}

async function farewell(bridges: readonly Bridge[], last: Bridge): Promise<string[]> {
  const complaints: string[] = [];
  for (const one of bridges.slice(0, -1)) {
    const exit = one.process.exit;
    if (exit !== undefined && !exit.includes('SIGKILL')) complaints.push(`a bridge ended by itself: ${exit}`);
  }
  const ended = await last.terminate(STOP_MS);
  if (ended !== 'exit code 0') complaints.push(`the last bridge ended with ${ended}`);
  for (const line of last.lines().filter(({ event }) => event === 'stopped')) {
    if (line['held'] !== 0) complaints.push(`route ${String(line['route'])} still held ${String(line['held'])}`);
  }
  return complaints;
}

function classOf(name: TrafficClass): ChaosClass {
  const found = CLASSES[name];
  if (found === undefined) throw new Error(`the class ${name} is not built yet`);
  return found;
}

function entrance({ entrance: gate }: Corner, tag: string) {
  if (gate === undefined) throw new Error('this bus gives nothing again: it is no source under chaos');
  return gate(tag);
}
