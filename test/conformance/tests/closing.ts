import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { ConformanceTest } from '../conformance-test.ts';
import { recorded, openSink, openSource } from '../ends.ts';
import { frameOf, numbered } from '../frame-of.ts';
import type { Fixture } from '../fixture.ts';
import { sendAll, sendOne } from '../send-all.ts';

const IDLE_MS = 100;
/** A driver's own deadline for letting go, generously. */
const CLOSE_MS = 10_000;

/** Sockets, timers and the like that keep a process alive, and listeners on the process, by kind. */
function footprint(): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (kind: string, by: number): unknown => counts.set(kind, (counts.get(kind) ?? 0) + by);
  for (const kind of process.getActiveResourcesInfo()) count(kind, 1);
  for (const event of process.eventNames()) count(`listener of ${String(event)}`, process.listenerCount(event));
  return counts;
}

/** The least of each kind within a moment: what is on its way out does not count. */
async function quietFootprint(): Promise<Map<string, number>> {
  const least = footprint();
  for (const endMs = performance.now() + IDLE_MS; performance.now() < endMs; await sleep(10)) {
    const now = footprint();
    for (const [kind, count] of least) least.set(kind, Math.min(count, now.get(kind) ?? 0));
  }
  return least;
}

/** An outage at no more cost than this: who looks at it from an end sees a server that is gone. */
async function outage(fixture: Fixture, meanwhile: () => Promise<void>): Promise<void> {
  const paths = [fixture.sourcePath, fixture.sinkPath];
  await Promise.all(paths.map((path) => path.cut()));
  await meanwhile();
  await Promise.all(paths.map((path) => path.mend()));
}

async function leavesNothing(fixture: Fixture, round: () => Promise<void>): Promise<void> {
  // What a library sets up once and for all is no leak: it is there after the first round.
  await round();
  const before = await quietFootprint();
  await round();
  const more = (): string[] =>
    [...footprint()]
      .filter(([kind, count]) => count > (before.get(kind) ?? 0))
      .map(([kind, count]) => `${kind}: ${count}`);
  await waitFor(() => more().length === 0, fixture.patienceMs, 'what was opened to be gone').catch((cause: unknown) => {
    throw new Error(`left behind: ${more().join(', ')}`, { cause });
  });
}

const deaf = (): Error => new Error('a read ignores its signal');
const late = (): Error => new Error(`close took more than ${CLOSE_MS} ms`);

const abort: ConformanceTest = {
  name: 'abort',
  sentence: 'a read returns an empty list after its signal aborts, and only then',
  async judge(fixture) {
    await using reader = await openSource(fixture);
    const controller = new AbortController();
    const reading = reader.source.read({ messages: 10, bytes: 10_000 }, controller.signal);
    const early = await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, IDLE_MS, 'waits'))]);
    assert.equal(early, 'waits', 'nothing was sent, so a read waits');
    controller.abort();
    assert.deepEqual(await withDeadline(reading, patient(fixture.patienceMs), deaf), []);
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [], 'no listener stays on the signal');
    const aborted = reader.source.read({ messages: 10, bytes: 10_000 }, AbortSignal.abort());
    assert.deepEqual(await withDeadline(aborted, patient(fixture.patienceMs), deaf), []);
  },
};

const nothingLeft: ConformanceTest = {
  name: 'nothing-left',
  sentence: 'closing leaves no socket, timer or listener, with deliveries unsettled',
  judge: (fixture) =>
    leavesNothing(fixture, async () => {
      await using reader = await openSource(fixture);
      await using writer = await openSink(fixture);
      await sendAll(
        fixture,
        writer.sink,
        numbered(fixture, 5).map((frame) => ({ ...frame, id: undefined })),
      );
      await reader.take(5);
      await withDeadline(Promise.all([reader.close(), writer.close()]), patient(CLOSE_MS), late);
      for (const { context } of [reader.recorded, writer.recorded]) {
        assert.deepEqual(getEventListeners(context.signal, 'abort'), [], 'no listener stays on the context');
      }
    }),
};

const nothingLeftOfAnOutage: ConformanceTest = {
  name: 'nothing-left-of-an-outage',
  sentence: 'closing in the middle of an outage takes no longer and leaves as little',
  judge: (fixture) =>
    leavesNothing(fixture, async () => {
      await using reader = await openSource(fixture);
      await using writer = await openSink(fixture);
      const lost = Promise.all([
        reader.recorded.nextReport('disconnected'),
        writer.recorded.nextReport('disconnected'),
      ]);
      await outage(fixture, async () => {
        await lost;
        await withDeadline(Promise.all([reader.close(), writer.close()]), patient(CLOSE_MS), late);
      });
    }),
};

const abortedOpening: ConformanceTest = {
  name: 'aborted-opening',
  sentence: 'an opening that is given up rejects and leaves nothing behind',
  judge: (fixture) =>
    leavesNothing(fixture, () =>
      outage(fixture, async () => {
        for (const direction of ['source', 'sink'] as const) {
          const { context, stop } = recorded(fixture, direction);
          const opening: Promise<unknown> =
            direction === 'source' ? fixture.openSource(context) : fixture.openSink(context);
          setTimeout(() => stop.abort(), IDLE_MS);
          const slow = (): Error => new Error(`opening the ${direction} ignores its signal`);
          const ended = withDeadline(opening, patient(fixture.patienceMs), slow);
          await assert.rejects(ended, (error) => !/ignores/.test(String(error)));
        }
      }),
    ),
};

function isOneOf(error: unknown, ...codes: readonly ErrorCode[]): true {
  assert.ok(error instanceof SluiceError, `not a SluiceError: ${String(error)}`);
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(' or ')}`);
  return true;
}

const sendAfterClose: ConformanceTest = {
  name: 'send-after-close',
  sentence: 'a send after close rejects with SINK_DOWN, and one that close finds unconfirmed does not hang',
  async judge(fixture) {
    await using writer = await openSink(fixture);
    const { sink } = writer;
    fixture.sinkPath.hush?.();
    const open = sendOne(fixture, sink, frameOf(fixture, 'open')).catch((error: unknown) => error);
    await writer.close();
    await fixture.sinkPath.mend();
    const outcome = await open;
    // Its own deadline may end while close still waits for the confirmation.
    if (outcome !== 'confirmed') isOneOf(outcome, 'SINK_DOWN', 'SINK_TIMEOUT');
    await assert.rejects(sendOne(fixture, sink, frameOf(fixture, 'late')), (error) => isOneOf(error, 'SINK_DOWN'));
  },
};

export const CLOSING: readonly ConformanceTest[] = [
  abort,
  nothingLeft,
  nothingLeftOfAnOutage,
  abortedOpening,
  sendAfterClose,
];
