import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { CrashSuspects } from '../../runtime/contract/crash-suspects.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { bodies, ListSource, never, stageThat, started } from './started-route.ts';

/** A list of suspects without a disk, that tells what is written. */
function suspectsWith(known: Readonly<Record<string, number>> = {}, isAfterCrash = true) {
  const crashCount = new Map(Object.entries(known));
  const written: string[] = [];
  const suspects: CrashSuspects = {
    isAfterCrash,
    get size() {
      return crashCount.size;
    },
    crashCount: (name) => crashCount.get(name) ?? 0,
    enter: (name) => void written.push(`> ${name}`),
    leave(name, passed) {
      written.push(`${passed ? '<' : '!'} ${name}`);
      if (passed) crashCount.delete(name);
    },
    deadLettered: (name) => void written.push(`+ ${name}`),
  };
  return { suspects, written };
}

const frames = (...addresses: string[]) => addresses.map((address, index) => frameForTest(address, String(index)));

test('after a crash the first window passes its stages one at a time, each written down before and struck out after', async () => {
  const { suspects, written } = suspectsWith();
  let inside = 0;
  const stage = stageThat(async (message) => {
    inside += 1;
    assert.equal(inside, 1);
    assert.equal(written.at(-1), `> ${message.id.slice('p/r/'.length)}`);
    await Promise.resolve();
    inside -= 1;
    return message;
  });
  const { sink, clock, counters } = started(frames('a/1', 'b/1', 'c/1'), { stages: [stage], suspects });
  await clock.play(() => counters.delivered === 3);
  assert.deepEqual(written, ['> s:1', '< s:1', '> s:2', '< s:2', '> s:3', '< s:3']);
  assert.deepEqual(bodies(sink.sent), ['0', '1', '2']);
});

test('when the first window is through, nothing more is written and messages run side by side', async () => {
  const { suspects, written } = suspectsWith();
  const stage = stageThat((message) => (Number(message.body) < 2 ? message : never()));
  const { route, clock, counters } = started(frames('a/1', 'b/1', 'c/1', 'd/1'), {
    stages: [stage],
    suspects,
    window: { messages: 2, bytes: 1000 },
  });
  await clock.play(() => counters.delivered === 2);
  await settleNow();
  assert.equal(route.waiting().stages, 2);
  assert.equal(written.length, 4);
});

test('after a clean end without suspects nothing is written at all', async () => {
  const { suspects, written } = suspectsWith({}, false);
  const { clock, counters } = started(frames('a/1', 'b/1'), { suspects });
  await clock.play(() => counters.delivered === 2);
  assert.deepEqual(written, []);
});

test('a message that ended the process three times becomes a dead letter without being run or even decoded, its neighbours pass in order', async () => {
  for (const isAfterCrash of [true, false]) {
    const { suspects, written } = suspectsWith({ 's:2': 3 }, isAfterCrash);
    const ran: unknown[] = [];
    const stage = stageThat((message) => {
      ran.push(message.body);
      return message;
    });
    const decoded: string[] = [];
    const codec = {
      name: 'text',
      contentType: 'text/plain',
      decode(bytes: Uint8Array) {
        decoded.push(Buffer.from(bytes).toString());
        return decoded.at(-1);
      },
      encode: (body: unknown) => Buffer.from(String(body)),
    };
    const { sink, clock, counters, letters, source } = started(
      [
        frameForTest('a/1', '0'),
        frameForTest('a/1', '1', { headers: new Map([['seclabel', ['S']]]) }),
        frameForTest('a/1', '2'),
      ],
      { stages: [stage], suspects, decoding: () => codec, encoding: () => codec },
    );
    await clock.play(() => source.settled.size === 3);
    assert.deepEqual(
      [ran, decoded, bodies(sink.sent)],
      [
        ['0', '2'],
        ['0', '2'],
        ['0', '2'],
      ],
    );
    const [letter] = letters;
    assert.deepEqual([letter?.failure.code, letter?.id, letter?.label], ['PROCESS_ENDED', 'p/r/s:2', 'S']);
    assert.match(letter?.failure.message ?? '', /ended 3 times/);
    assert.deepEqual(source.settled.get('s:2'), 'reject');
    assert.ok(written.includes('+ s:2'));
    assert.equal(imbalance(counters), 0);
  }
});

test('a suspect that comes after the first window is written down all the same, and no message overtakes it in its lane', async () => {
  const { suspects, written } = suspectsWith({ 's:3': 2 });
  const { sink, clock, counters } = started(frames('a/1', 'a/1', 'a/1', 'a/1', 'a/1'), {
    suspects,
    window: { messages: 2, bytes: 1000 },
  });
  await clock.play(() => counters.delivered === 5);
  assert.deepEqual(written.slice(4), ['> s:3', '< s:3']);
  assert.deepEqual(bodies(sink.sent), ['0', '1', '2', '3', '4']);
});

test('in the crash quarantine a message that waits for its retry holds its key and no other; its crash count stays until it has passed', async () => {
  const { suspects, written } = suspectsWith({ 's:1': 2 });
  let isBroken = true;
  const stage = stageThat((message) => {
    if (isBroken && message.key === 'a') throw new SluiceError('TRANSFORM_THREW', 'not yet');
    return message;
  });
  const { sink, clock, counters } = started(frames('a/1', 'a/1', 'b/1', 'a/1'), { stages: [stage], suspects });
  await clock.play(() => counters.delivered === 1);
  assert.deepEqual(bodies(sink.sent), ['2']);
  assert.equal(suspects.crashCount('s:1'), 2);
  isBroken = false;
  await clock.play(() => counters.delivered === 4);
  assert.deepEqual(bodies(sink.sent), ['2', '0', '1', '3']);
  assert.equal(suspects.crashCount('s:1'), 0);
  assert.equal(written.filter((line) => line === '> s:1').length, 2);
});

test('while nothing can be written no message enters its stages, and all go on once it can', async () => {
  const { suspects } = suspectsWith();
  let isFull = true;
  const enter = (name: string): void => {
    if (isFull) throw new SluiceError('STATE_UNUSABLE', 'full');
    suspects.enter(name);
  };
  const { clock, counters } = started(frames('a/1', 'b/1'), { suspects: { ...suspects, enter } });
  let turns = 0;
  await clock.play(() => (turns += 1) > 20);
  assert.equal(counters.delivered, 0);
  isFull = false;
  await clock.play(() => counters.delivered === 2);
});

test('what a bus has no name for is known by its content', async () => {
  const { suspects, written } = suspectsWith();
  const source = new ListSource(frames('a/1', 'b/1'), { isNumberedHere: true });
  const { clock, counters } = started([], { source, suspects });
  await clock.play(() => counters.delivered === 2);
  assert.match(written[0] ?? '', /^> a\/1 [\w-]{43}$/);
  assert.notEqual(written[0], written[2]);
});

test('a stop in the crash quarantine removes the message inside, and releases the waiting ones', async () => {
  const { suspects, written } = suspectsWith();
  const { route, clock, counters, source } = started(frames('a/1', 'b/1'), { stages: [stageThat(never)], suspects });
  await clock.play(() => written.length === 1);
  let isStopped = false;
  void route.stop(1000).then(() => (isStopped = true));
  await clock.play(() => isStopped);
  assert.deepEqual(written, ['> s:1', '! s:1']);
  assert.deepEqual([...source.settled.values()], ['release', 'release']);
  assert.deepEqual([counters.released, imbalance(counters)], [2, 0]);
});
