import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { asSluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { RecoveredLog } from '#contract/sink.ts';
import { patient } from '../../harness/patience.ts';
import { frameForTest, type TestSink } from './ends.ts';

/** Of the ids that are looked for. */
const PREFIX = 'fleet/tracks/';

/** What the messages of the bridge bear as their time. */
export const madeAt = Date.now() - 60_000;
export const idOf = (number: number): string => `${PREFIX}m:${number}`;

/** As the bridge sends them. */
export function ours(topic: string, from: number, to: number, more: Partial<Frame> = {}): Frame[] {
  return Array.from({ length: to - from }, (_, at) => {
    const number = from + at;
    return frameForTest(topic, `body ${number}`, {
      key: `k${number % 50}`,
      id: idOf(number),
      timestampMs: madeAt,
      ...more,
    });
  });
}

let written = 0;

/** Those of another route between them. */
export function others(topic: string, count: number, more: Partial<Frame> = {}): Frame[] {
  return Array.from({ length: count }, (_, at) =>
    frameForTest(topic, 'other', { key: `k${at % 50}`, id: `fleet/tracks-2/m:${(written += 1)}`, ...more }),
  );
}

export async function tailOf(
  { sink }: TestSink,
  most = 1000,
  signal = AbortSignal.timeout(patient(20_000)),
): Promise<RecoveredLog> {
  for (;;) {
    assert.ok(sink.recoverIds !== undefined);
    try {
      return await sink.recoverIds({ prefix: PREFIX, most }, signal);
    } catch (thrown) {
      // As the runtime does: a topic that was just made is not led at once.
      if (asSluiceError(thrown).code !== 'BUS_UNREACHABLE' || signal.aborted) throw thrown;
      await sleep(100);
    }
  }
}

/** Ids of so many that the tail lacks. */
export const missing = ({ ids }: RecoveredLog, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => idOf(from + at)).filter((id) => !ids.has(id));
