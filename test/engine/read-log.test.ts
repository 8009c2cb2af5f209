import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Log } from '../../runtime/contract/log.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Sink, RecoveredLog, RecoveryQuery } from '../../runtime/contract/sink.ts';
import { recoverFromLog } from '../../runtime/engine/send/read-log.ts';
import { patient } from '../harness/patience.ts';

/** Beyond the deadline of the start, and what it may take to notice. */
const AT_MOST_MS = 7000;

type Said = readonly [string, Readonly<Record<string, unknown>> | undefined];

function recorder(): { readonly log: Log; readonly said: Said[] } {
  const said: Said[] = [];
  const note = (event: string, fields?: Readonly<Record<string, unknown>>): void => void said.push([event, fields]);
  return { said, log: { info: note, warn: note, error: note } };
}

async function read(recoverIds: Sink['recoverIds'], more: { window?: number; commitsEveryMs?: number } = {}) {
  const { log, said } = recorder();
  const sink: Sink = {
    maxInFlight: 1,
    send: () => Promise.reject(new Error('nothing is sent before')),
    close: () => Promise.resolve(),
    ...(recoverIds !== undefined && { recoverIds }),
  };
  const opening = new AbortController().signal;
  const settings = {
    pipeline: 'p',
    route: 'r',
    sink: 'r',
    window: 256,
    commitsEveryMs: undefined,
    ...more,
    log,
    opening,
  };
  const startedMs = performance.now();
  const recoveredIds = await recoverFromLog(sink, settings);
  return { recoveredIds, said, tookMs: performance.now() - startedMs };
}

const found = (count: number, lacks?: string): RecoveredLog => ({
  ids: new Map(Array.from({ length: count }, (_, at) => [`p/r/${at}`, { latestMs: 1 }])),
  seen: count,
  lacks,
});

void describe('what a route asks of its sink at the start', { concurrency: true }, () => {
  test('as many ids of its own as its source can deliver again', async () => {
    const wanted: RecoveryQuery[] = [];
    const note = (want: RecoveryQuery): Promise<RecoveredLog> => {
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
    const { recoveredIds, said } = await read(undefined);
    assert.deepEqual([recoveredIds, said], [undefined, []]);
  });

  test('a tail that is short is said, unless it holds more than can come again', async () => {
    const short = await read(() => Promise.resolve(found(10, 'there is much of others')));
    assert.deepEqual(
      short.said.map(([event]) => event),
      ['log-recovery-incomplete'],
    );
    assert.ok(short.recoveredIds !== undefined, 'what was found is used');
    const enough = await read(() => Promise.resolve(found(1024, 'there is much of others')));
    assert.deepEqual(
      enough.said.map(([event]) => event),
      ['log-recovered'],
    );
  });

  test('a sink that refuses is said with what to grant, and the route starts without', async () => {
    const refusing = (): Promise<RecoveredLog> => Promise.reject(new SluiceError('BUS_AUTH', 'grant READ'));
    const { recoveredIds, said } = await read(refusing);
    assert.equal(recoveredIds, undefined);
    assert.equal(said[0]?.[0], 'log-recovery-failed');
    assert.match(String(said[0]?.[1]?.['text']), /grant READ.*written twice/);
  });

  test('a slow sink is told to stop after 5 s, and what it found is used', async () => {
    const { recoveredIds, said, tookMs } = await read(
      (_wanted, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(found(5, 'too slow')), { once: true })),
    );
    assert.ok(recoveredIds !== undefined);
    assert.equal(said[0]?.[0], 'log-recovery-incomplete');
    assert.ok(tookMs > 4900 && tookMs < patient(AT_MOST_MS), `${tookMs} ms`);
  });

  test('a sink that does not even stop holds up the start no longer', async () => {
    const { recoveredIds, said, tookMs } = await read(() => new Promise(() => {}));
    assert.equal(recoveredIds, undefined);
    assert.equal(said[0]?.[0], 'log-recovery-failed');
    assert.ok(tookMs < patient(AT_MOST_MS), `${tookMs} ms`);
  });
});
