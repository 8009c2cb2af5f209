import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Subject } from './conformance.ts';
import { openSink, openSource } from './ends.ts';
import { hasAll, numbered, textOf } from './frame-of.ts';
import { demand } from './fixture.ts';
import { sendAll, sendUntilSeen } from './send-all.ts';
import { BUSES, stopServers } from '../brokers/all.ts';

const COUNT = 10;
/** Two questions and the time for an answer. */
const IDLE_MS = 11_000;
/** A question comes every 5 s where nothing has arrived since the one before, and its answer is due 5 s later. */
const BOUND_MS = 20_000;

const HEARTBEAT_BUSES = BUSES.filter(({ hasHeartbeats }) => hasHeartbeats);

after(() => stopServers(HEARTBEAT_BUSES));

function heartbeats(subject: Subject): void {
  const sentence =
    'a source that is idle says nothing; one whose server answers nothing but heartbeats makes another connection, and reads on';
  serverTest(`${subject.name}: ${sentence}`, { needs: subject.needs }, async () => {
    await using fixture = await subject.arrange();
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const frames = numbered(fixture, 2 * COUNT);
    const all = frames.map(textOf);
    await sendAll(fixture, writer.sink, frames.slice(0, COUNT));
    const seen = new Set((await reader.take(COUNT)).map(({ frame }) => textOf(frame)));
    const from = reader.recorded.events.length;
    await sleep(IDLE_MS);
    assert.deepEqual(reader.recorded.events.slice(from), [], 'an idle source is no fault');
    demand(fixture.sourcePath.heartbeatsOnly, 'path for heartbeats only')();
    await waitFor(
      () => reader.recorded.events.some((event) => event.kind === 'disconnected' && event.renewed === true),
      BOUND_MS,
      'the connection to be given up',
    );
    if (!fixture.source.redelivers) {
      await fixture.sourcePath.mend();
      await sendUntilSeen(fixture, writer.sink, reader, 'after').catch((cause: unknown) => {
        throw new Error(`since the connection was idle: ${JSON.stringify(reader.recorded.events.slice(from))}`, {
          cause,
        });
      });
      return;
    }
    await sendAll(fixture, writer.sink, frames.slice(COUNT));
    await fixture.sourcePath.mend();
    await reader.readUntil((read) => {
      for (const { frame } of read) seen.add(textOf(frame));
      return hasAll(all, seen);
    });
    assert.deepEqual([...seen], all, 'first deliveries are in order');
  });
}

// Most of it is waiting.
void describe('heartbeats', { concurrency: 3 }, () => {
  for (const { subjects } of HEARTBEAT_BUSES) for (const subject of subjects) heartbeats(subject);
});
