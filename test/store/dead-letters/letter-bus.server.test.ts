import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import { type Frame, NO_HEADERS } from '#contract/frame.ts';
import { memoryHub } from '../../../runtime/buses/memory/hub.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { frameForTest } from '../../harness/test-frame.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { MOST_HEADER_VALUES } from '../../../runtime/engine/frames/header-bound.ts';
import { startMemoryRun, type MemoryRun } from '../../host/memory-run.ts';
import { watchStream } from '../../harness/out-stream.ts';
import { letterFixture } from './dlq-fixture.ts';

let fixtures = 0;

/** A route that refuses every message, and a hub of its own for its dead letters. */
async function withLetterHub(deadLetter: object = {}): Promise<{
  run: MemoryRun;
  hub: ReturnType<typeof memoryHub>;
  take: (count: number) => Promise<readonly Frame[]>;
}> {
  fixtures += 1;
  const name = `letters-${fixtures}`;
  const hub = memoryHub(name);
  const run = await startMemoryRun({
    files: { 'functions/f.ts': "import { reject } from 'sluice';\nexport default () => reject('no\\nway');" },
    stages: [{ function: 'f' }],
    from: { key: '{address.1}' },
    buses: { dead: { bus: 'memory', hub: name } },
    route: { deadLetter: { bus: 'dead', address: 'dead/{route}/{key}', ...deadLetter } },
  });
  const group = hub.subscribe('test', ['dead/#']);
  return {
    run,
    hub,
    async take(count) {
      const frames: Frame[] = [];
      while (frames.length < count) {
        const read = await group.read({ messages: count, bytes: 1e9 }, AbortSignal.timeout(patient(5000)));
        assert.ok(read.length > 0, `${frames.length} letters came`);
        for (const delivery of read) {
          frames.push(delivery.frame);
          delivery.settle({ kind: 'accept' });
        }
      }
      return frames;
    },
  };
}

test('a letter that goes to a bus has its own bytes and headers, and beside them why it is one', async () => {
  const { run, take } = await withLetterHub();
  await using _ = run;
  const headers = new Map([
    ['seclabel', ['S']],
    ['via', ['one', 'two']],
  ]);
  await run.publish('a', '{"n":1}', {
    headers,
    contentType: 'application/json',
    id: 'm1',
    expiresAtMs: Date.now() + 500,
  });
  const [frame] = await take(1);
  assert.ok(frame);
  assert.deepEqual([frame.address, frame.key, Buffer.from(frame.body ?? []).toString()], ['dead/r/a', 'a', '{"n":1}']);
  assert.match(frame.id ?? '', /^p\/r\//);
  assert.equal(frame.expiresAtMs, undefined);
  for (const [name, values] of headers) assert.deepEqual(frame.headers.get(name), values);
  const fact = (name: string): string | undefined => frame.headers.get(`sluice-${name}`)?.[0];
  assert.deepEqual(
    ['error-code', 'error-stage', 'attempts', 'pipeline', 'route', 'address', 'publisher-id'].map(fact),
    ['TRANSFORM_REJECTED', 'function f', '1', 'p', 'r', 'in/a', 'm1'],
  );
  assert.equal(fact('error-text'), 'f refused it: no way', 'one line');
  for (const name of ['died-at', 'received-at', 'expired-at']) assert.match(fact(name) ?? '', /^20\d\d-.*Z$/);
  assert.ok(fact('coordinates'));
  const { deadLettered } = await run.rest(1);
  assert.deepEqual([deadLettered, run.letters().length], [1, 0]);
});

test('while the bus of the dead letters is down nothing is settled; once it is back every letter is there', async () => {
  const { run, hub, take } = await withLetterHub();
  await using _ = run;
  hub.down();
  for (const key of ['a', 'b', 'c']) await run.publish(key, '{}');
  await waitFor(() => run.pipeline.numbers()[0]?.held === 3, 5000, 'three to be held');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { held, deadLettered } = run.pipeline.numbers()[0] ?? {};
  assert.deepEqual([held, deadLettered], [3, 0]);
  hub.up();
  assert.equal((await take(3)).length, 3);
  assert.equal((await run.rest(3)).deadLettered, 3);
  assert.equal(run.letters().length, 0);
});

test('what the bus of the dead letters refuses for good lies in the local store', async () => {
  const { run, hub, take } = await withLetterHub();
  await using _ = run;
  hub.reject((frame) => (frame.body?.length === 4 ? new SluiceError('SINK_TOO_LARGE', 'too large') : undefined));
  await run.publish('a', '{}  ');
  await run.publish('b', '{}');
  assert.equal((await take(1))[0]?.key, 'b');
  await run.rest(2);
  assert.deepEqual(
    run.letters().map((letter) => [letter['route_key'], letter['code']]),
    [['a', 'TRANSFORM_REJECTED']],
  );
  assert.ok(run.said.some(({ event, fields }) => event === 'dead-letter-kept' && fields['code'] === 'SINK_TOO_LARGE'));
});

test('a letter whose address lacks a value lies in the local store', async () => {
  const { run } = await withLetterHub({ address: 'dead/{header.tenant}' });
  await using _ = run;
  await run.publish('a', '{}', { headers: NO_HEADERS });
  await run.rest(1);
  assert.equal(run.letters().length, 1);
});

test('letters that come back to the route that refuses them end in the local store, after as many routes as a message may pass', async () => {
  await using run = await startMemoryRun({
    files: { 'functions/f.ts': "import { reject } from 'sluice';\nexport default () => reject('no way');" },
    stages: [{ function: 'f' }],
    from: { maxHops: 5 },
    route: { deadLetter: { bus: 'hub', address: '{header.way}/letters' } },
  });
  await run.publish('a', '{}', { headers: new Map([['way', ['in']]]) });
  await waitFor(() => run.letters().length > 0, patient(5000), 'a letter in the local store');
  const { accepted } = await run.rest(6);
  assert.equal(accepted, 6, 'the message, and five letters');
  const [letter, ...more] = run.letters();
  assert.deepEqual([letter?.['code'], letter?.['address'], more.length], ['LOOP_DETECTED', 'in/letters', 0]);
});

test('a letter of more headers than a message may have lies in the local store, whatever the message died of', async () => {
  const { run } = await withLetterHub();
  await using _ = run;
  const headers = new Map(Array.from({ length: MOST_HEADER_VALUES + 1 }, (__, at) => [`h${at}`, ['1']]));
  const badly = new Map([...headers, ['seclabel', ['']]]);
  await run.publish('a', '{}', { headers });
  await run.publish('a', '{}', { headers: badly });
  await run.rest(2);
  assert.deepEqual(
    run.letters().map((letter) => [letter['code'], JSON.parse(String(letter['headers']))]),
    [
      ['HEADERS_TOO_MANY', [...headers]],
      ['LABEL_MALFORMED', [...badly]],
    ],
  );
});

test('two messages that wear one id are two letters', async () => {
  const { run, hub, take } = await withLetterHub();
  await using _ = run;
  // What the hub holds already under that id is another message.
  const id = `p/r/${await coordinates(run)}`;
  await hub.publish(frameForTest('dead/other', '', { id: `${id}2` }));
  await run.publish('b', '{}');
  const frames = await take(3);
  assert.deepEqual(
    frames.map(({ address }) => address),
    ['dead/r/first', 'dead/other', 'dead/r/b'],
  );
});

/** Of the source's deliveries, but for their number. */
async function coordinates(run: MemoryRun): Promise<string> {
  await run.publish('first', '{}');
  await run.rest(1);
  const delivery = String(run.said.find(({ event }) => event === 'dead-letter')?.fields['delivery']);
  return delivery.slice(0, -1);
}

serverTest(
  'dead letters go to JetStream; while that server is down the deliveries stay unsettled, and a kill -9 loses none of them',
  { needs: ['mosquitto', 'nats', 'nats-process'] },
  async () => {
    await using grave = await startNats();
    await using place = await letterFixture({
      buses: { grave: { bus: 'jetstream', url: grave.url, create: true } },
      route: { deadLetter: { bus: 'grave', stream: 'OUT', subject: 'dead.{route}.{key}' } },
    });
    await using dead = await watchStream(grave.url);
    let bridge = place.run('--admin', '127.0.0.1:0');
    await bridge.said('ready');
    await place.publishBad(3);
    const [first] = await dead.read(3);
    assert.equal(first?.subject, 'dead.up.k');
    assert.deepEqual(first.header('sluice-error-code'), ['TRANSFORM_REJECTED']);
    assert.deepEqual(first.header('seclabel'), ['S;REL=A']);
    await grave.stop();
    await place.publishBad(5);
    const { url } = await bridge.said('admin');
    const held = (): Promise<boolean> =>
      fetch(`${String(url)}/metrics`)
        .then((answer) => answer.text())
        .then((text) => /sluice_pipeline_held\{[^}]*\} 5\n/.test(text));
    await waitFor(held, 10_000, 'five to be held');
    assert.equal((await fetch(`${String(url)}/readyz`)).status, 503);
    bridge.signal('SIGKILL');
    await bridge.ended();
    await grave.restart();
    bridge = place.run();
    await bridge.said('ready');
    const all = await dead.read(8);
    const found = all.map(({ body }) => (JSON.parse(Buffer.from(body).toString()) as { n: number }).n);
    assert.deepEqual(new Set(found), new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    assert.deepEqual(place.letters(), []);
  },
);
