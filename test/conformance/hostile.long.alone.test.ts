import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { SluiceError } from '#contract/errors.ts';
import type { Frame, Headers } from '#contract/frame.ts';
import type { Message } from '#contract/message.ts';
import { withBody } from '#contract/message.ts';
import type { Sink } from '#contract/sink.ts';
import { json } from '../../runtime/codecs/json.ts';
import { systemClock } from '../../runtime/engine/clock.ts';
import { MOST_HEADER_VALUES } from '../../runtime/engine/frames/header-bound.ts';
import { RunningRoute } from '../../runtime/engine/route.ts';
import { routeForTest } from '../engine/route-for-test.ts';
import { sinkThat, stageThat } from '../engine/started-route.ts';
import { serverTest } from '../harness/server-test.ts';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';
import { openSink, openSource } from './ends.ts';
import { frameOf } from './frame-of.ts';
import type { Fixture } from './fixture.ts';
import { BOMB_SIZES, headerBomb } from './header-bomb.ts';
import { hostileBody } from './hostile-body.ts';
import { oddParts } from './odd-frame.ts';
import { sendAll, sendThrough } from './send-all.ts';
import { stopServers, SUBJECTS } from '../brokers/all.ts';

const HOSTILE = 50_000;
/** A good one among so many. */
const EVERY = 20;
const CHUNK = 1000;
/** A good one arrives so soon after its neighbours at the most. */
const TURN_MS = 1000;
const WARM_UP = 5000;
const MOST_HEADERS = 5000;
/** Beside a fifth: what a collector of garbage leaves lying differs by so much from one moment to the next. */
const SLACK_BYTES = 8 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
after(() => stopServers());

/** What functions do with a body that they take for good. */
const stage = stageThat((message: Message): Message => {
  const { kind, n } = message.body as { kind: string; n: number };
  if (kind === 'throws') throw new Error('no');
  return withBody(message, { kind: kind.toUpperCase(), n });
});

/** The sink that stands for a publisher here refuses more headers than the server takes, and an odd label. */
function isSendable(headers: Headers): boolean {
  const characters = [...headers].reduce((sum, [name, values]) => sum + name.length + values.join('').length, 0);
  return characters < MOST_HEADERS && !headers.has('seclabel');
}

/** As large as the bus takes it. What its server or its sink refuses holds up nobody. Answers how many header values it took. */
async function sendBomb(fixture: Fixture, sink: Sink, number: number): Promise<number> {
  for (const size of BOMB_SIZES) {
    const headers = headerBomb(number, size);
    try {
      await sendThrough(fixture, sink, frameOf(fixture, '', { headers, body: hostileBody(number) }));
      return [...headers.values()].reduce((sum, values) => sum + values.length, 0);
    } catch (thrown) {
      assert.ok(thrown instanceof SluiceError && thrown.verdict === 'reject', String(thrown));
    }
  }
  return 0;
}

function heldBytes(): number {
  collect();
  // What the first one found is given back in the background: a hundred megabytes of buffers were counted still.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function judge(fixture: Fixture): Promise<void> {
  await using reader = await openSource(fixture);
  await using writer = await openSink(fixture);
  const arrived: number[] = [];
  let newestMs = performance.now();
  let longestMs = 0;
  const sink = sinkThat(({ body }: Frame) => {
    const { n } = JSON.parse(Buffer.from(body ?? []).toString()) as { n: number };
    arrived.push(n);
    sink.sent.length = 0;
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - newestMs);
    newestMs = nowMs;
    return Promise.resolve('confirmed');
  });
  const codec = () => json;
  let deadLetters = 0;
  let tooMany = 0;
  const { route } = routeForTest({
    source: reader.source,
    sink,
    clock: systemClock,
    key: undefined,
    decoding: codec,
    encoding: codec,
    stages: [stage],
    attempts: 1,
    maxBodyBytes: 1024 * 1024,
    window: { messages: 256, bytes: 64 * 1024 * 1024 },
    deadLetters: {
      record({ failure }) {
        deadLetters += 1;
        if (failure.code === 'HEADERS_TOO_MANY') tooMany += 1;
        return Promise.resolve(undefined);
      },
    },
  });
  const runner = new RunningRoute(route);
  const running = runner.run();
  const seed = Math.floor(Math.random() * 0x7fff_ffff);
  let sent = 0;
  let good = 0;
  let bombs = 0;
  const send = async (until: number): Promise<void> => {
    while (sent < until) {
      const parts = fc.sample(oddParts, { numRuns: CHUNK, seed: seed + sent });
      const frames: Frame[] = [];
      for (let at = 0; at < CHUNK; at += 1, sent += 1) {
        const { headers, headerTypes, key } = parts[at] ?? assert.fail();
        const carried = isSendable(headers) ? { headers, headerTypes } : {};
        frames.push(frameOf(fixture, '', { ...carried, key, body: hostileBody(sent), id: `h-${seed}-${sent}` }));
        if (sent % EVERY !== 0) continue;
        good += 1;
        frames.push(frameOf(fixture, JSON.stringify({ kind: 'good', n: good }), { id: `g-${seed}-${good}` }));
      }
      if ((await sendBomb(fixture, writer.sink, sent / CHUNK)) > MOST_HEADER_VALUES) bombs += 1;
      await sendAll(fixture, writer.sink, frames);
      await waitFor(() => arrived.length === good, fixture.patienceMs, `good message ${good} after seed ${seed}`);
      // The next chunk has its own first turn.
      newestMs = performance.now();
    }
  };
  await send(WARM_UP);
  const beforeBytes = heldBytes();
  longestMs = 0;
  await send(HOSTILE);
  await waitFor(() => route.observers.counters.held === 0, fixture.patienceMs, 'every message to end');
  const afterBytes = heldBytes();
  await runner.stop(5000);
  await running;
  assert.deepEqual(
    arrived,
    Array.from({ length: good }, (_, at) => at + 1),
    `seed ${seed}: in order, each once`,
  );
  assert.ok(deadLetters > HOSTILE / 2, `${deadLetters} dead letters`);
  assert.equal(tooMany, fixture.sink.carriesHeaders ? bombs : 0, `seed ${seed}: messages of too many headers`);
  assert.ok(longestMs < patient(TURN_MS), `seed ${seed}: a good message waited for ${Math.round(longestMs)} ms`);
  assert.ok(
    afterBytes < beforeBytes * 1.2 + SLACK_BYTES,
    `seed ${seed}: ${beforeBytes} bytes before, ${afterBytes} after`,
  );
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
}

for (const subject of SUBJECTS) {
  serverTest(
    `${subject.name}: of 50,000 hostile messages none holds up a good one for a second, and none stays in memory`,
    { needs: subject.needs },
    async () => {
      await using fixture = await subject.arrange();
      await judge(fixture);
    },
  );
}
