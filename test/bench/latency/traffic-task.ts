import type { Ends, Where } from '../bridge.ts';

/** What the process of the traffic is told. */
export interface TrafficTask {
  readonly buses: Ends;
  readonly where: Where;
  /** Of both sides. */
  readonly tag: string;
  /** Messages a second. */
  readonly rate: number;
  readonly warmSeconds: number;
  readonly seconds: number;
}

/** What it measured, in milliseconds. */
export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How late the publisher was at the 99th percentile. It is within the latencies. */
  readonly latePublishMs: number;
}

/** One clock for all threads of a process. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** When a message was due. The first one only shows that the way is open, and has no time. */
export function dueMs(startMs: number, number: number, rate: number): number {
  return startMs + ((number - 1) * 1000) / rate;
}
