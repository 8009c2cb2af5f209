import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from '../../runtime/contract/delivery.ts';
import type { Replay } from '../../runtime/contract/replay.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import { IDLE_SOURCE, mergedSource } from '../../runtime/engine/merged-source.ts';
import { AsyncQueue } from '../../runtime/kit/async-queue.ts';
import { frameForTest, settleNow } from './route-for-test.ts';

const ROOM: Demand = { messages: 1, bytes: 1000 };

function delivery(id: string): Delivery {
  return { id, frame: frameForTest(id, ''), attempt: 1, settle() {} };
}

/** Letters that a test puts there. */
class ListReplay implements Replay {
  readonly #letters: Delivery[] = [];
  #listener = (): void => {};

  get isReady(): boolean {
    return this.#letters.length > 0;
  }

  take(room: Demand): readonly Delivery[] {
    return this.#letters.splice(0, room.messages);
  }

  onReady(listener: () => void): void {
    this.#listener = listener;
  }

  add(...letters: readonly string[]): void {
    this.#letters.push(...letters.map(delivery));
    this.#listener();
  }
}

function queueSource(): { source: Source; queue: AsyncQueue<Delivery> } {
  const queue = new AsyncQueue<Delivery>(() => 1);
  return { queue, source: { read: (room, signal) => queue.read(room, signal), close: () => Promise.resolve() } };
}

async function ids(source: Source, count: number): Promise<string> {
  const found: string[] = [];
  while (found.length < count) {
    for (const { id } of await source.read(ROOM, AbortSignal.timeout(2000))) found.push(id);
  }
  return found.join(' ');
}

test('a letter wakes a read that waits for the source, and nothing of the source is lost for it', async () => {
  const { source, queue } = queueSource();
  const replay = new ListReplay();
  const merged = mergedSource(source, replay);
  const reading = merged.read(ROOM, new AbortController().signal);
  await settleNow();
  replay.add('L1');
  const late = new Promise<readonly Delivery[]>((resolve) => setTimeout(resolve, 1000, []));
  assert.deepEqual(
    (await Promise.race([reading, late])).map(({ id }) => id),
    ['L1'],
  );
  queue.push(delivery('m1'));
  assert.equal(await ids(merged, 1), 'm1');
});

test('source and letters take turns: neither starves the other, each in its order', async () => {
  const { source, queue } = queueSource();
  const replay = new ListReplay();
  const merged = mergedSource(source, replay);
  for (const id of ['m1', 'm2', 'm3', 'm4']) queue.push(delivery(id));
  replay.add('L1', 'L2', 'L3');
  assert.equal(await ids(merged, 7), 'L1 m1 L2 m2 L3 m3 m4');
});

test('letters go one after another where the source has nothing, and where it is none', async () => {
  for (const source of [queueSource().source, IDLE_SOURCE]) {
    const replay = new ListReplay();
    const merged = mergedSource(source, replay);
    replay.add('L1', 'L2', 'L3');
    assert.equal(await ids(merged, 3), 'L1 L2 L3');
  }
});

test('an aborted read returns nothing, whichever side was waited for', async () => {
  for (const source of [queueSource().source, IDLE_SOURCE]) {
    const stopping = new AbortController();
    const replay = new ListReplay();
    const merged = mergedSource(source, replay);
    const reading = merged.read(ROOM, stopping.signal);
    await settleNow();
    stopping.abort();
    assert.deepEqual(await reading, []);
    replay.add('L1');
    assert.deepEqual(await merged.read(ROOM, stopping.signal), []);
  }
});

test('a source that is lost for good is told as such', async () => {
  const { source, queue } = queueSource();
  queue.fail(new Error('lost'));
  await assert.rejects(mergedSource(source, new ListReplay()).read(ROOM, new AbortController().signal), /lost/);
});
