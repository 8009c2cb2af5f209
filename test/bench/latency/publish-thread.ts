// Publishes on a fixed schedule, in a thread that does nothing else: a timer of the event loop is late by up to a millisecond.
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { percentileOf } from '../percentile.ts';
import { KEYS, report } from '../work.ts';
import { endOf } from './ends.ts';
import { dueMs, nowMs, type TrafficTask } from './traffic-task.ts';

/** What starts the schedule. */
export interface Schedule {
  readonly startMs: number;
  readonly total: number;
  /** So many of them are not measured. */
  readonly warm: number;
}

/** A client may hand on a message over several turns of the event loop until it writes it. */
const TURNS = 3;

const { buses, where, tag, rate } = workerData as TrafficTask;
const port = parentPort;
if (port === null) throw new Error('a thread of traffic.ts');
const publish = await endOf(buses.from).openPublisher(where.source, tag);
publish('0', report(0));
const [{ startMs, total, warm }] = (await once(port, 'message')) as [Schedule];
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const late: number[] = [];
for (let number = 1; number <= total; number += 1) {
  const due = dueMs(startMs, number, rate);
  const leftMs = due - nowMs();
  // Finer than a timer, and without a core that spins.
  if (leftMs > 0) Atomics.wait(sleeper, 0, 0, leftMs);
  if (number > warm) late.push(nowMs() - due);
  publish(String(number % KEYS), report(number));
  for (let nth = 0; nth < TURNS; nth += 1) await turn();
}
port.postMessage(percentileOf(late, 0.99));
// The client's connection stays open until the process ends: it may still wait for answers.
