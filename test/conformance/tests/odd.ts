import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ACCEPT } from '#contract/delivery.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { systemClock } from '../../../runtime/engine/clock.ts';
import { PipelinedSender } from '../../../runtime/engine/send/pipelined-sender.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { awkwardText } from '../awkward-text.ts';
import type { ConformanceTest } from '../conformance-test.ts';
import { lossesOf, type OpenSource, openSink, openSource } from '../ends.ts';
import { frameOf, textOf } from '../frame-of.ts';
import type { Fixture } from '../fixture.ts';
import { oddParts } from '../odd-frame.ts';

const COUNT = 600;
/** Made at once: they are large. */
const CHUNK = 200;
/** Beyond a window of any sink. */
const AHEAD = 3000;

/** The good ones in the order in which each came first. Ends early where they do not come. */
async function readGood({ source }: OpenSource, count: number, signal: AbortSignal): Promise<string[]> {
  const arrived = new Set<string>();
  while (arrived.size < count && !signal.aborted) {
    for (const delivery of await source.read({ messages: 256, bytes: 16 * 1024 * 1024 }, signal)) {
      delivery.settle(ACCEPT);
      const text = textOf(delivery.frame);
      if (text.startsWith('good ')) arrived.add(text);
    }
  }
  return [...arrived];
}

/**
 * Sends odd frames among as many good ones by the engine's own sender. A good one is known by its body. Answers how the
 * odd ones ended, by code.
 */
export async function judgeOddFrames(fixture: Fixture, count: number): Promise<ReadonlyMap<string, number>> {
  const seed = Math.floor(Math.random() * 0x7fff_ffff);
  const named = (what: string): string => `seed ${seed}: ${what}`;
  await using reader = await openSource(fixture);
  await using writer = await openSink(fixture);
  const halts: string[] = [];
  const ends = new Map<string, number>();
  const refusedGood: string[] = [];
  let open = 0;
  let confirmedGood = 0;
  const sender = new PipelinedSender(writer.sink, {
    clock: systemClock,
    drainPerSecond: undefined,
    pause: { firstMs: 100, capMs: 1000 },
    attempts: 3,
    onRewind: ({ code, message }) => halts.push(`${code} ${message}`),
    onFlow() {},
  });
  const push = (frame: Frame, isGood: boolean): void => {
    open += 1;
    const ended = (code: string, failure?: SluiceError): void => {
      open -= 1;
      if (!isGood) ends.set(code, (ends.get(code) ?? 0) + 1);
      else if (failure === undefined) confirmedGood += 1;
      else refusedGood.push(`${failure.code} ${failure.message}`);
    };
    sender.push({
      frame,
      sends: 0,
      faults: 0,
      state: 'waiting',
      sending: () => undefined,
      confirmed: () => ended('confirmed'),
      refused: (failure) => ended(failure.code, failure),
    });
  };

  const over = new AbortController();
  // Also where the test convicts: what is tried again would go on for ever.
  using ending = new DisposableStack();
  ending.defer(() => {
    sender.stop();
    over.abort();
  });
  const reading = readGood(reader, count, over.signal);
  reading.catch(() => {});
  for (let made = 0; made < count; made += CHUNK) {
    const size = Math.min(CHUNK, count - made);
    const odd = fc.sample(oddParts, { numRuns: size, seed: seed + made });
    const addresses = fc.sample(awkwardText, { numRuns: size, seed: seed - made });
    for (const [at, parts] of odd.entries()) {
      const number = made + at;
      const address = number % 5 === 0 ? fixture.address(addresses[at] ?? '') : fixture.address('a');
      push({ ...parts, address }, false);
      push(frameOf(fixture, `good ${number}`, { id: `good-${seed}-${number}` }), true);
    }
    await waitFor(() => open < AHEAD, fixture.patienceMs, 'the sender to empty');
  }
  await waitFor(() => open === 0, fixture.patienceMs, 'every frame to end').catch((cause: unknown) => {
    throw new Error(named(`${open} frames did not end; halts: ${halts.join(', ')}`), { cause });
  });
  assert.deepEqual(refusedGood, [], named('no good frame is refused'));
  assert.equal(confirmedGood, count);
  const giveUp = setTimeout(() => over.abort(), patient(fixture.patienceMs));
  const arrived = await reading;
  clearTimeout(giveUp);
  assert.deepEqual(
    arrived,
    Array.from({ length: count }, (_, at) => `good ${at}`),
    named('in order'),
  );
  assert.deepEqual(halts, [], named('nobody waits for a pause'));
  assert.equal(ends.get('INTERNAL'), undefined, named('each has a code of its own'));
  assert.equal(lossesOf(writer.recorded) + lossesOf(reader.recorded), 0, named('the connections stay'));
  return ends;
}

const odd: ConformanceTest = {
  name: 'odd-frames',
  sentence:
    'a frame that cannot be written, whatever is odd about it, ends alone and at once: its neighbours arrive in order, nothing waits, the connections stay',
  judge: async (fixture) => void (await judgeOddFrames(fixture, COUNT)),
};

export const ODD: readonly ConformanceTest[] = [odd];
