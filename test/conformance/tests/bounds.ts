import assert from 'node:assert/strict';
import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import type { Demand } from '#contract/source.ts';
import { patient } from '../../harness/patience.ts';
import { type ConformanceTest, onlyRedelivering } from '../conformance-test.ts';
import { openSink, openSource } from '../ends.ts';
import { frameOf } from '../frame-of.ts';
import type { Fixture } from '../fixture.ts';
import { sendAll } from '../send-all.ts';

const QUIET_MS = 400;
const BODY_BYTES = 1000;

const bytesOf = (deliveries: readonly Delivery[]): number =>
  deliveries.reduce((sum, { frame }) => sum + (frame.body?.length ?? 0), 0);

const room: ConformanceTest = {
  name: 'room',
  sentence: 'a read returns no more than it has room for, but for a first frame that is larger than all of it',
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    await sendAll(
      fixture,
      writer.sink,
      Array.from({ length: 60 }, () => frameOf(fixture, 'x'.repeat(BODY_BYTES))),
    );
    const rooms: readonly Demand[] = [
      { messages: 1, bytes: 1024 * 1024 },
      { messages: 7, bytes: 1024 * 1024 },
      { messages: 100, bytes: BODY_BYTES * 3 },
      { messages: 100, bytes: 1 },
    ];
    for (const limit of rooms) {
      const batch = await reader.source.read(limit, AbortSignal.timeout(patient(fixture.patienceMs)));
      assert.ok(batch.length >= 1, 'something is at hand');
      assert.ok(batch.length <= limit.messages, `${batch.length} deliveries in a room of ${limit.messages}`);
      assert.ok(
        batch.length === 1 || bytesOf(batch) <= limit.bytes,
        `${bytesOf(batch)} bytes in a room of ${limit.bytes}`,
      );
      for (const delivery of batch) delivery.settle(ACCEPT);
    }
  },
};

async function fill(fixture: Fixture, window: Demand): Promise<void> {
  await using reader = await openSource(fixture, window);
  await using writer = await openSink(fixture);
  await sendAll(
    fixture,
    writer.sink,
    Array.from({ length: 60 }, () => frameOf(fixture, 'x'.repeat(BODY_BYTES))),
  );
  const unsettled = await reader.readUntilQuiet(QUIET_MS);
  assert.ok(unsettled.length > 0, 'something came');
  const said = `${unsettled.length} deliveries, ${bytesOf(unsettled)} bytes unsettled in a window of ${window.messages} and ${window.bytes}`;
  assert.ok(unsettled.length <= window.messages && bytesOf(unsettled) <= window.bytes, said);
  // And the rest comes as room is made.
  const rest = 60 - unsettled.length;
  for (const delivery of unsettled) delivery.settle(ACCEPT);
  await reader.readUntil((read) => {
    for (const delivery of read) delivery.settle(ACCEPT);
    return read.length >= rest;
  });
}

const windowMessages: ConformanceTest = {
  name: 'window-messages',
  sentence: 'no more deliveries are handed out unsettled than the window holds, and settling makes room for the rest',
  excludes: onlyRedelivering,
  judge: (fixture) => fill(fixture, { messages: 10, bytes: 1024 * 1024 }),
};

const windowBytes: ConformanceTest = {
  name: 'window-bytes',
  sentence: 'no more bytes are handed out unsettled than the window holds',
  excludes: onlyRedelivering,
  judge: (fixture) => fill(fixture, { messages: 1000, bytes: BODY_BYTES * 12 }),
};

export const BOUNDS: readonly ConformanceTest[] = [room, windowMessages, windowBytes];
