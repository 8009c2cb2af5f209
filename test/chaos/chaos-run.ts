import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import type { Report } from '../../runtime/verify/verdicts.ts';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Bridge } from '../harness/bridge.ts';
import { dice } from '../kill/random.ts';
import { bridgeFaults, drawn, type Fault, outsideFaults, type Victim } from './faults.ts';
import { type Checks, type Scenario, startScenario, type RunningScenario } from './scenario.ts';

export interface ChaosPlan extends Scenario {
  readonly lastsMs: number;
  readonly seed: number;
  /** Hears what befalls whom, and when. */
  readonly tell: (text: string) => void;
  /** Hears once a minute how far each class has come. */
  readonly tellNumbers?: (text: string) => void;
  /** Where the logs of bridges, servers and checker are kept when something is wrong. Default: nowhere. */
  readonly keep?: string;
}

export interface ChaosOutcome {
  readonly reports: ReadonlyMap<TrafficClass, Report>;
  readonly faults: readonly string[];
  /** What is wrong beside the verdicts: a bridge that ended by itself, or badly. */
  readonly complaints: readonly string[];
  readonly bridgeLog: string;
}

const STOP_MS = 30_000;
const MINUTE_MS = 60_000;
/** Between one fault of a kind and the next. */
const OUTSIDE_GAP_MS = { least: 200, most: 1500 };
const BRIDGE_GAP_MS = { least: 800, most: 3000 };
/** So many bridges in a row may be killed with nothing of a class passed on: on a busy machine none would get to its feet. */
const MOST_VAIN_STARTS = 3;
const CHANCE_MS = patient(30_000);

/** One pair of buses, a route for each class between them, under everything that can go wrong. */
export async function runChaos(plan: ChaosPlan): Promise<ChaosOutcome> {
  await using scenario = await startScenario(plan);
  try {
    const outcome = await judged(plan, scenario);
    if (isConvicted(outcome)) keepEvidence(plan, scenario, outcome);
    return outcome;
  } catch (error) {
    keepEvidence(plan, scenario, { error: String(error) });
    throw error;
  }
}

/** Whether a verdict went against the bridge, or something else was wrong. */
export function isConvicted({ reports, complaints }: ChaosOutcome): boolean {
  return complaints.length > 0 || [...reports.values()].some(({ ok }) => !ok);
}

function keepEvidence(
  { keep }: ChaosPlan,
  scenario: RunningScenario,
  found: ChaosOutcome | { readonly error: string },
): void {
  if (keep === undefined) return;
  rmSync(keep, { recursive: true, force: true });
  mkdirSync(keep, { recursive: true });
  scenario.keepLogs(keep);
  const checked = 'reports' in found ? { ...found, reports: Object.fromEntries(found.reports) } : found;
  writeFileSync(join(keep, 'checker.json'), `${JSON.stringify(checked, undefined, 2)}\n`);
}

async function judged(plan: ChaosPlan, scenario: RunningScenario): Promise<ChaosOutcome> {
  const bridges = [scenario.start()];
  const current = (): Bridge => bridges.at(-1) ?? scenario.start();
  await current().ready();
  const checks = await scenario.check({ lastsMs: plan.lastsMs });
  const startMs = Date.now();
  const everyMinute = setInterval(() => plan.tellNumbers?.(numbersText(checks, Date.now() - startMs)), MINUTE_MS);
  using _ = { [Symbol.dispose]: () => clearInterval(everyMinute) };
  const victim: Victim = {
    async kill() {
      await current().kill();
      bridges.push(scenario.start());
    },
    signal: (signal) => current().signal(signal),
  };
  const faults = await injectFaults(
    plan,
    victim,
    chances(checks, () => bridges.length),
  );
  plan.tell('calm');
  await current().ready();
  const reports = new Map<TrafficClass, Report>();
  for (const [name, check] of checks) reports.set(name, await check.report);
  const complaints = await farewell(bridges, current());
  return { reports, faults, complaints, bridgeLog: bridges.map((one) => one.tail()).join('\n---\n') };
}

/**
 * Waits before a bridge is struck once more, where so many were killed in a row that nothing of a class got through. A bridge
 * that passes nothing on in that time is convicted by its silence.
 */
function chances(checks: Checks, started: () => number): () => Promise<void> {
  const last = new Map([...checks.keys()].map((name) => [name, { arrived: 0, started: 0 }]));
  const starved = (): boolean => {
    let isStarved = false;
    for (const [name, check] of checks) {
      const { arrived } = check.numbers();
      const before = last.get(name);
      if (before === undefined || arrived > before.arrived) last.set(name, { arrived, started: started() });
      else isStarved ||= started() - before.started >= MOST_VAIN_STARTS;
    }
    return isStarved;
  };
  return async () => {
    await waitFor(() => !starved(), CHANCE_MS, 'a message of each class to arrive').catch(() => {});
  };
}

/** `12 min: telemetry 71,000 sent, 3 missing; command ...`. */
function numbersText(checks: Checks, ms: number): string {
  const parts = [...checks].map(([name, check]) => {
    const { sent, missing } = check.numbers();
    return `${name} ${sent} sent, ${missing} missing`;
  });
  return `${Math.round(ms / MINUTE_MS)} min: ${parts.join('; ')}`;
}

/**
 * Two strands of faults until the time is over, for the bridge and for what is around it: the worst is a bridge that is
 * killed while its sink is away, for then it holds much that is neither here nor there.
 */
async function injectFaults(
  { source, sink, seed, lastsMs, tell }: ChaosPlan,
  victim: Victim,
  rested: () => Promise<void>,
): Promise<string[]> {
  const startMs = Date.now();
  const struck: string[] = [];
  const strand = async (
    name: string,
    faults: readonly Fault[],
    gap: typeof BRIDGE_GAP_MS,
    mayInject = (): Promise<void> => Promise.resolve(),
  ): Promise<void> => {
    // Two pairs under one seed have not the same luck.
    const roll = dice((seed ^ crc32(`${source.bus}:${sink.bus} ${name}`)) >>> 0);
    const next = drawn(faults, roll);
    while (Date.now() - startMs < lastsMs) {
      await sleep(roll(gap.least, gap.most));
      await mayInject();
      const { value: fault } = next.next();
      const atMs = Date.now() - startMs;
      await fault.inject(roll);
      tell(`${(atMs / 1000).toFixed(1)} s  ${fault.name}, for ${Date.now() - startMs - atMs} ms`);
      struck.push(fault.name);
    }
  };
  await Promise.all([
    strand('bridge', bridgeFaults(victim, source.endpoint, sink.endpoint), BRIDGE_GAP_MS, rested),
    strand('outside', outsideFaults(source.endpoint, sink.endpoint), OUTSIDE_GAP_MS),
  ]);
  return struck;
}

async function farewell(bridges: readonly Bridge[], last: Bridge): Promise<string[]> {
  const complaints: string[] = [];
  for (const one of bridges.slice(0, -1)) {
    const { exit } = one;
    if (exit !== 'SIGKILL') complaints.push(`a bridge ended by itself: ${exit}`);
  }
  const ended = await last.terminate(STOP_MS);
  if (ended !== 'exit code 0') complaints.push(`the last bridge ended with ${ended}`);
  for (const line of last.lines().filter(({ event }) => event === 'stopped')) {
    if (line['held'] !== 0) complaints.push(`route ${String(line['route'])} still held ${String(line['held'])}`);
  }
  return complaints;
}
