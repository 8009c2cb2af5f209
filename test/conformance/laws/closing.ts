import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { ConformanceLaw } from '../conformance-law.ts';
import { ear, openSink, openSource } from '../ends.ts';
import { frameOf, numbered } from '../frame-of.ts';
import type { Ground } from '../ground.ts';
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
async function outage(ground: Ground, meanwhile: () => Promise<void>): Promise<void> {
  const paths = [ground.sourcePath, ground.sinkPath];
  await Promise.all(paths.map((path) => path.cut()));
  await meanwhile();
  await Promise.all(paths.map((path) => path.mend()));
}

async function leavesNothing(ground: Ground, round: () => Promise<void>): Promise<void> {
  // What a library sets up once and for all is no leak: it is there after the first round.
  await round();
  const before = await quietFootprint();
  await round();
  const more = (): string[] =>
    [...footprint()]
      .filter(([kind, count]) => count > (before.get(kind) ?? 0))
      .map(([kind, count]) => `${kind}: ${count}`);
  await waitFor(() => more().length === 0, ground.patienceMs, 'what was opened to be gone').catch((cause: unknown) => {
    throw new Error(`left behind: ${more().join(', ')}`, { cause });
  });
}

const deaf = (): Error => new Error('a read ignores its signal');
const late = (): Error => new Error(`close took more than ${CLOSE_MS} ms`);

const abort: ConformanceLaw = {
  name: 'abort',
  sentence: 'a read returns an empty list after its signal aborts, and only then',
  async judge(ground) {
    await using reader = await openSource(ground);
    const controller = new AbortController();
    const reading = reader.source.read({ messages: 10, bytes: 10_000 }, controller.signal);
    const early = await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, IDLE_MS, 'waits'))]);
    assert.equal(early, 'waits', 'nothing was sent, so a read waits');
    controller.abort();
    assert.deepEqual(await withDeadline(reading, patient(ground.patienceMs), deaf), []);
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [], 'no listener stays on the signal');
    const aborted = reader.source.read({ messages: 10, bytes: 10_000 }, AbortSignal.abort());
    assert.deepEqual(await withDeadline(aborted, patient(ground.patienceMs), deaf), []);
  },
};

const nothingLeft: ConformanceLaw = {
  name: 'nothing-left',
  sentence: 'closing leaves no socket, timer or listener, with deliveries unsettled',
  judge: (ground) =>
    leavesNothing(ground, async () => {
      await using reader = await openSource(ground);
      await using writer = await openSink(ground);
      await sendAll(
        ground,
        writer.sink,
        numbered(ground, 5).map((frame) => ({ ...frame, id: undefined })),
      );
      await reader.take(5);
      await withDeadline(Promise.all([reader.close(), writer.close()]), patient(CLOSE_MS), late);
      for (const { context } of [reader.ear, writer.ear]) {
        assert.deepEqual(getEventListeners(context.signal, 'abort'), [], 'no listener stays on the context');
      }
    }),
};

const nothingLeftOfAnOutage: ConformanceLaw = {
  name: 'nothing-left-of-an-outage',
  sentence: 'closing in the middle of an outage takes no longer and leaves as little',
  judge: (ground) =>
    leavesNothing(ground, async () => {
      await using reader = await openSource(ground);
      await using writer = await openSink(ground);
      const lost = Promise.all([reader.ear.hears('disconnected'), writer.ear.hears('disconnected')]);
      await outage(ground, async () => {
        await lost;
        await withDeadline(Promise.all([reader.close(), writer.close()]), patient(CLOSE_MS), late);
      });
    }),
};

const abortedOpening: ConformanceLaw = {
  name: 'aborted-opening',
  sentence: 'an opening that is given up rejects and leaves nothing behind',
  judge: (ground) =>
    leavesNothing(ground, () =>
      outage(ground, async () => {
        for (const direction of ['source', 'sink'] as const) {
          const { context, controller } = ear(ground, direction);
          const opening: Promise<unknown> =
            direction === 'source' ? ground.openSource(context) : ground.openSink(context);
          setTimeout(() => controller.abort(), IDLE_MS);
          const slow = (): Error => new Error(`opening the ${direction} ignores its signal`);
          const ended = withDeadline(opening, patient(ground.patienceMs), slow);
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

const sendAfterClose: ConformanceLaw = {
  name: 'send-after-close',
  sentence: 'a send after close rejects with SINK_DOWN, and one that close finds unconfirmed does not hang',
  async judge(ground) {
    await using writer = await openSink(ground);
    const { sink } = writer;
    ground.sinkPath.hush?.();
    const open = sendOne(ground, sink, frameOf(ground, 'open')).catch((error: unknown) => error);
    await writer.close();
    await ground.sinkPath.mend();
    const outcome = await open;
    // Its own deadline may end while close still waits for the confirmation.
    if (outcome !== 'confirmed') isOneOf(outcome, 'SINK_DOWN', 'SINK_TIMEOUT');
    await assert.rejects(sendOne(ground, sink, frameOf(ground, 'late')), (error) => isOneOf(error, 'SINK_DOWN'));
  },
};

export const CLOSING: readonly ConformanceLaw[] = [
  abort,
  nothingLeft,
  nothingLeftOfAnOutage,
  abortedOpening,
  sendAfterClose,
];
