// Publisher and receiver of one round of `--latency`: one process, so one clock. The bridge runs in another.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { percentileOf } from '../percentile.ts';
import { numberIn } from '../work.ts';
import { endOf } from './ends.ts';
import type { Schedule } from './publish-thread.ts';
import { dueMs, type Latencies, nowMs, type TrafficTask } from './traffic-task.ts';

/** Group members join, and streams are looked up. */
const OPEN_MS = 30_000;
/** What is not there so long after the end is lost. */
const REST_MS = 10_000;
const LEAD_MS = 100;

const task = JSON.parse(process.env['BENCH_TRAFFIC'] ?? '') as TrafficTask;
const { buses, where, tag, rate, warmSeconds, seconds } = task;
const warm = Math.round(warmSeconds * rate);
const total = warm + Math.round(seconds * rate);
/** By number; a message that comes again has arrived already. */
const arrivedAtMs = new Float64Array(total + 1);
let left = total;
const opened = Promise.withResolvers<void>();
const complete = Promise.withResolvers<void>();

await endOf(buses.to).openReceiver(where.sink, tag, (body) => {
  const number = numberIn(body);
  if (arrivedAtMs[number] !== 0) return;
  arrivedAtMs[number] = nowMs();
  if (number === 0) opened.resolve();
  else left -= 1;
  if (left === 0) complete.resolve();
});
const publisher = new Worker(new URL('publish-thread.ts', import.meta.url), { workerData: task });
publisher.once('error', (failure) => {
  throw failure;
});
await within(OPEN_MS, opened.promise, () => 'the first message did not arrive');
const schedule: Schedule = { startMs: nowMs() + LEAD_MS, total, warm };
publisher.postMessage(schedule);
const [latePublishMs] = (await once(publisher, 'message')) as [number];
await within(REST_MS, complete.promise, () => `${left} of ${total} messages did not arrive`);

const latencies = Array.from(arrivedAtMs, (atMs, number) => atMs - dueMs(schedule.startMs, number, rate));
const measured = latencies.slice(warm + 1);
const result: Latencies = {
  p50Ms: percentileOf(measured, 0.5),
  p99Ms: percentileOf(measured, 0.99),
  maxMs: percentileOf(measured, 1),
  latePublishMs,
};
process.send?.(result, () => process.exit(0));

async function within(ms: number, what: Promise<void>, problem: () => string): Promise<void> {
  const timer = setTimeout(() => {
    throw new Error(problem());
  }, ms);
  await what;
  clearTimeout(timer);
}
