import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Log } from '../../runtime/contract/log.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Sink, Tail, TailWanted } from '../../runtime/contract/sink.ts';
import { readTail } from '../../runtime/host/log-recovery.ts';
import { patient } from '../harness/patience.ts';

/** Beyond the deadline of the start, and what it may take to notice. */
const AT_MOST_MS = 7000;

type Said = readonly [string, Readonly<Record<string, unknown>> | undefined];

function recorder(): { readonly log: Log; readonly said: Said[] } {
  const said: Said[] = [];
  const note = (event: string, fields?: Readonly<Record<string, unknown>>): void => void said.push([event, fields]);
  return { said, log: { info: note, warn: note, error: note } };
}

async function read(tail: Sink['tail'], more: { window?: number; commitsEveryMs?: number } = {}) {
  const { log, said } = recorder();
  const sink: Sink = {
    maxInFlight: 1,
    send: () => Promise.reject(new Error('nothing is sent before')),
    close: () => Promise.resolve(),
    ...(tail !== undefined && { tail }),
  };
  const opening = new AbortController().signal;
  const settings = { pipeline: 'p', route: 'r', window: 256, commitsEveryMs: undefined, ...more, log, opening };
  const startedMs = performance.now();
  const sentBefore = await readTail(sink, settings);
  return { sentBefore, said, tookMs: performance.now() - startedMs };
}

const found = (count: number, lacks?: string): Tail => ({
  ids: new Map(Array.from({ length: count }, (_, at) => [`p/r/${at}`, 1])),
  seen: count,
  lacks,
});

void describe('what a route asks of its sink at the start', { concurrency: true }, () => {
  test('as many ids of its own as its source can deliver again', async () => {
    const wanted: TailWanted[] = [];
    const note = (want: TailWanted): Promise<Tail> => {
      wanted.push(want);
      return Promise.resolve(found(0));
    };
    await read(note);
    await read(note, { window: 10_000 });
    await read(note, { commitsEveryMs: 200 });
    assert.deepEqual(wanted, [
      { prefix: 'p/r/', most: 4096 },
      { prefix: 'p/r/', most: 40_000 },
      { prefix: 'p/r/', most: 24_096 },
    ]);
  });

  test('a sink without a log is not asked, and nothing is said', async () => {
    const { sentBefore, said } = await read(undefined);
    assert.deepEqual([sentBefore, said], [undefined, []]);
  });

  test('a tail that is short is said, unless it holds more than can come again', async () => {
    const short = await read(() => Promise.resolve(found(10, 'there is much of others')));
    assert.deepEqual(
      short.said.map(([event]) => event),
      ['tail-short'],
    );
    assert.ok(short.sentBefore !== undefined, 'what was found is used');
    const enough = await read(() => Promise.resolve(found(1024, 'there is much of others')));
    assert.deepEqual(
      enough.said.map(([event]) => event),
      ['tail-read'],
    );
  });

  test('a sink that refuses is said with what to grant, and the route starts without', async () => {
    const refusing = (): Promise<Tail> => Promise.reject(new SluiceError('BUS_AUTH', 'grant READ'));
    const { sentBefore, said } = await read(refusing);
    assert.equal(sentBefore, undefined);
    assert.equal(said[0]?.[0], 'tail-unread');
    assert.match(String(said[0]?.[1]?.['text']), /grant READ.*written twice/);
  });

  test('a slow sink is told to stop after 5 s, and what it found is used', async () => {
    const { sentBefore, said, tookMs } = await read(
      (_wanted, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(found(5, 'too slow')), { once: true })),
    );
    assert.ok(sentBefore !== undefined);
    assert.equal(said[0]?.[0], 'tail-short');
    assert.ok(tookMs > 4900 && tookMs < patient(AT_MOST_MS), `${tookMs} ms`);
  });

  test('a sink that does not even stop holds up the start no longer', async () => {
    const { sentBefore, said, tookMs } = await read(() => new Promise(() => {}));
    assert.equal(sentBefore, undefined);
    assert.equal(said[0]?.[0], 'tail-unread');
    assert.ok(tookMs < patient(AT_MOST_MS), `${tookMs} ms`);
  });
});
