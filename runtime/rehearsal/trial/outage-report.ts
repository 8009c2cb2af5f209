import type { Frame } from '#contract/frame.ts';
import type { PipelineSpec } from '../../project/pipeline-spec.ts';
import type { RouteNumbers } from '../../telemetry/route-numbers.ts';
import type { StoredFrame } from '../stand-in-log.ts';
import type { Outage } from './outage.ts';

/** A message that was handed to a route. */
export interface Sent {
  /** Its place in the input, from 1. */
  readonly line: number;
  /** The number of its line. */
  readonly number: number;
  readonly route: string;
  readonly frame: Frame;
  /** In virtual time since the start. */
  readonly sentMs: number;
}

export type Arrived = StoredFrame;

export type RecoveryOrder = 'oldest first' | 'newest first' | 'in the order of each key' | 'not in order' | 'none';

/** What an outage did to the messages of one route. */
export interface OutageReport extends Outage {
  readonly route: string;
  readonly class: string;
  /** Messages that the route got while it lasted. */
  readonly sent: number;
  /** Of these: arrived, in the end. */
  readonly kept: number;
  readonly superseded: number;
  readonly expired: number;
  readonly deadLettered: number;
  /** Arrivals of a message that the sink already had. */
  readonly repeated: number;
  readonly order: RecoveryOrder;
  /** From the end of the outage to the arrival of the last message that was sent before it ended. */
  readonly recoveredMs: number | undefined;
  /** From its sending to its arrival: of half of the kept messages at most, and of all. */
  readonly lateMs: { readonly median: number; readonly most: number } | undefined;
}

export interface OutageFacts {
  readonly spec: PipelineSpec;
  readonly records: ReadonlyMap<string, Sent>;
  readonly arrived: ReadonlyMap<string, readonly Arrived[]>;
  /** The counts before the outage, and at the end. */
  readonly before: readonly RouteNumbers[];
  readonly after: readonly RouteNumbers[];
}

/** For each route that the connection is an end of. */
export function outageReport(outage: Outage, facts: OutageFacts): readonly OutageReport[] {
  const { connection } = outage;
  return facts.spec.routes
    .filter(({ from, sinks }) => from.connection === connection || sinks.some((to) => to.connection === connection))
    .map((route) => reportOf(outage, route, facts));
}

interface First {
  readonly sent: Sent;
  readonly atMs: number;
  readonly order: number;
  readonly key: string | undefined;
}

function reportOf(
  { connection, fromMs, untilMs }: Outage,
  { name, class: trafficClass }: PipelineSpec['routes'][number],
  { records, arrived, before, after }: OutageFacts,
): OutageReport {
  const own = [...records].filter(([, { route }]) => route === name);
  const during = own.filter(([, { sentMs }]) => sentMs >= fromMs && sentMs < untilMs);
  const firsts: First[] = [];
  let repeated = 0;
  for (const [id, sent] of own) {
    const at = (arrived.get(id) ?? []).filter((one) => one.route.split('.')[0] === name);
    const [first] = at;
    if (first !== undefined) firsts.push({ sent, atMs: first.atMs, order: first.order, key: first.frame.key });
    repeated += at.length - new Set(at.map((one) => `${one.route} ${one.frame.id}`)).size;
  }
  const late = firsts.filter(({ sent, atMs }) => sent.sentMs < untilMs && atMs >= untilMs);
  const waits = late.map(({ sent, atMs }) => atMs - sent.sentMs).toSorted((one, other) => one - other);
  const counted = (field: 'superseded' | 'expired' | 'deadLettered'): number =>
    (after.find(({ route }) => route === name)?.[field] ?? 0) -
    (before.find(({ route }) => route === name)?.[field] ?? 0);
  return {
    connection,
    fromMs,
    untilMs,
    route: name,
    class: trafficClass,
    sent: during.length,
    kept: during.filter(([id]) => arrived.has(id)).length,
    superseded: counted('superseded'),
    expired: counted('expired'),
    deadLettered: counted('deadLettered'),
    repeated,
    order: orderOf(late.toSorted((one, other) => one.order - other.order)),
    recoveredMs: late.length === 0 ? undefined : Math.max(...late.map(({ atMs }) => atMs)) - untilMs,
    lateMs: waits.length === 0 ? undefined : { median: waits[waits.length >> 1] ?? 0, most: waits.at(-1) ?? 0 },
  };
}

function orderOf(arrivals: readonly First[]): RecoveryOrder {
  if (arrivals.length < 2) return 'none';
  const lines = arrivals.map(({ sent }) => sent.line);
  if (lines.every((line, at) => at === 0 || (lines[at - 1] ?? 0) < line)) return 'oldest first';
  if (lines.every((line, at) => at === 0 || (lines[at - 1] ?? 0) > line)) return 'newest first';
  const last = new Map<string, number>();
  for (const { sent, key } of arrivals) {
    const lane = JSON.stringify([sent.frame.address, key]);
    if ((last.get(lane) ?? 0) > sent.line) return 'not in order';
    last.set(lane, sent.line);
  }
  return 'in the order of each key';
}
