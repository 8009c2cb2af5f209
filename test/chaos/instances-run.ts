import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import type { Report, VerdictName } from '../../runtime/verify/verdicts.ts';
import type { Started } from '../brokers/started.ts';
import type { Bridge } from '../harness/bridge.ts';
import { patient } from '../harness/patience.ts';
import { dice } from '../kill/random.ts';
import { startScenario } from './scenario.ts';

export interface InstancesPlan {
  readonly source: Started;
  readonly sink: Started;
  readonly trafficClass: TrafficClass;
  readonly lastsMs: number;
  readonly seed: number;
  /** Hears what befalls whom, and when. */
  readonly tell: (text: string) => void;
  /** A folder for the logs of bridges and servers. Default: nowhere. */
  readonly keep?: string;
}

export interface InstancesOutcome {
  readonly report: Report;
  readonly kills: number;
  /** What each instance that is left said last. */
  readonly bridgeLog: string;
}

const INSTANCES = 3;
const KILL_EVERY_MS = 5000;
/** The session of the endpoint is 6 s: then the group has given the partitions of the killed one to others. */
const SESSION_MS = 7500;
const RATE_PER_SECOND = 500;
const KEYS = 32;
/** Longer than partitions wait for the session of a killed member, several times in a row. */
const QUIET_MS = patient(40_000);

/**
 * How a killed instance comes back: at once, as the member that it was; after its session, when others have its partitions;
 * or as another one without a state folder, while the group still waits for the killed one.
 */
const RETURNS = ['at once', 'after its session', 'anew'] as const;

/** Three instances of one route, one of which is killed every five seconds, and a checker outside of them. */
export async function runInstances(plan: InstancesPlan): Promise<InstancesOutcome> {
  const { source, sink, trafficClass, lastsMs, seed, tell } = plan;
  // No message expires, so that whatever is missing is lost. Each state folder is a member of its own.
  const from = { instance: undefined, ...(trafficClass === 'command' && { expires: '10m' }) };
  await using scenario = await startScenario({ source, sink, classes: [trafficClass], from });
  const running = new Map<number, Bridge>();
  let started = 0;
  const start = (place: number, name: string): void => void running.set(place, scenario.start(name));
  for (let place = 0; place < INSTANCES; place += 1) start(place, `place-${place}`);
  for (const bridge of running.values()) await bridge.ready();
  const checks = await scenario.check({
    lastsMs,
    ratePerSecond: RATE_PER_SECOND,
    keys: KEYS,
    expiresMs: undefined,
    quietMs: QUIET_MS,
    wedgedMs: patient(60_000),
    deadLetters: () => undefined,
    allowed: new Set<VerdictName>(trafficClass === 'event' ? ['duplicated'] : []),
  });
  const check = checks.get(trafficClass);
  if (check === undefined) throw new Error(`no checker of class ${trafficClass}`);
  const roll = dice(seed);
  const startMs = Date.now();
  const coming: Promise<void>[] = [];
  let kills = 0;
  for (;;) {
    await sleep(Math.max(0, (kills + 1) * KILL_EVERY_MS - (Date.now() - startMs)));
    if (Date.now() - startMs >= lastsMs) break;
    const places = [...running.keys()];
    const place = places[roll(0, places.length - 1)] ?? 0;
    const way = RETURNS[roll(0, RETURNS.length - 1)] ?? 'at once';
    const victim = running.get(place);
    running.delete(place);
    await victim?.kill();
    kills += 1;
    const { sent, arrived, missing } = check.numbers();
    tell(
      `${Math.round((Date.now() - startMs) / 1000)} s: ${place} killed, back ${way}; ${sent} sent, ${arrived} arrived, ${missing} missing`,
    );
    started += 1;
    const name = way === 'anew' ? `anew-${started}` : `place-${place}`;
    if (way === 'after its session') coming.push(sleep(SESSION_MS).then(() => start(place, name)));
    else start(place, name);
  }
  await Promise.all(coming);
  const report = await check.report;
  if (plan.keep !== undefined) scenario.keepLogs(plan.keep);
  return { report, kills, bridgeLog: [...running.values()].map((one) => one.tail()).join('\n---\n') };
}

/** The numbers of an outcome, in one line. */
export function outcomeText({ report, kills }: InstancesOutcome): string {
  const { sent, distinct, arrived, superseded, longestSilenceMs, verdicts } = report;
  const wrong = Object.entries(verdicts).filter(([, { count }]) => count > 0);
  const counts = wrong.map(([name, { count }]) => `${count} ${name}`).join(', ');
  return `${kills} kills, ${sent} sent, ${distinct} arrived, ${superseded} superseded, ${arrived - distinct} again, silence ${longestSilenceMs} ms: ${counts === '' ? 'fine' : counts}`;
}
