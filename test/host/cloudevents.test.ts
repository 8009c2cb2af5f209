import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '../../runtime/contract/frame.ts';
import { loadPipeline } from '../../runtime/cli/load-parts.ts';
import { newProject } from '../harness/project.ts';
import { type MemoryRun, startMemoryRun } from './memory-run.ts';

const STRUCTURED = 'application/cloudevents+json';
const EVENT = {
  specversion: '1.0',
  id: 'e1',
  source: '/fleet/7',
  type: 'fleet.track',
  time: '2026-11-28T00:00:00Z',
  subject: 'u1',
  seclabel: 'S;REL=USA',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  partition: 7,
  urgent: true,
};

function text(frame: Frame | undefined): string {
  return Buffer.from(frame?.body ?? []).toString();
}

function binaryHeaders(more: object): Map<string, readonly string[]> {
  const attributes = { specversion: '1.0', id: 'e1', source: '/s', type: 't', ...more };
  return new Map(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, [value]]));
}

async function only(run: MemoryRun): Promise<Frame | undefined> {
  const [frame] = await run.take(1);
  return frame;
}

test('a structured event is its data, with its attributes as headers, its label and trace in their own place', async () => {
  await using run = await startMemoryRun({
    from: { cloudevents: 'any', key: '{header.ce-subject}' },
    to: { headers: { set: { of: '{header.ce-type}' } } },
  });
  const data = '{"n":9007199254740993,"d":1.10}';
  await run.publish('a', `${JSON.stringify(EVENT).slice(0, -1)},"data":${data}}`, { contentType: STRUCTURED });
  const frame = await only(run);
  assert.equal(text(frame), data);
  assert.equal(frame?.key, 'u1');
  assert.equal(frame?.timestampMs, Date.parse(EVENT.time));
  const headers = Object.fromEntries([...(frame?.headers ?? [])].map(([name, values]) => [name, values.join('|')]));
  assert.deepEqual(headers, {
    'ce-specversion': '1.0',
    'ce-id': 'e1',
    'ce-source': '/fleet/7',
    'ce-type': 'fleet.track',
    'ce-time': EVENT.time,
    'ce-subject': 'u1',
    'ce-partition': '7',
    'ce-urgent': 'true',
    seclabel: 'S;REL=USA',
    traceparent: EVENT.traceparent,
    of: 'fleet.track',
    'sluice-hops': ['1'].join(''),
  });
});

test('an event goes structured to structured with every attribute and every digit, as another bridge reads it', async () => {
  const ends = { from: { cloudevents: 'structured' }, to: { cloudevents: 'structured' } };
  await using run = await startMemoryRun(ends);
  const data = '{"n":9007199254740993,"d":1.10}';
  // Without a content type, as on MQTT 3.1.1.
  await run.publish(
    'a',
    `${JSON.stringify({ ...EVENT, expirytime: '2999-01-01T00:00:00Z' }).slice(0, -1)},"data":${data}}`,
  );
  const frame = await only(run);
  assert.equal(frame?.contentType, STRUCTURED);
  assert.ok(text(frame).includes(`"data":${data}`));
  assert.deepEqual(JSON.parse(text(frame)), {
    ...EVENT,
    partition: '7',
    urgent: 'true',
    expirytime: '2999-01-01T00:00:00.000Z',
    sluicehops: '1',
    data: JSON.parse(data) as unknown,
  });
});

test('data of each content type comes back byte for byte', async () => {
  await using write = await startMemoryRun({
    to: { cloudevents: 'structured', headers: { set: { 'ce-type': 't', 'ce-source': '/s' } } },
  });
  await using read = await startMemoryRun({ from: { cloudevents: 'structured' } });
  const cases: readonly (readonly [Buffer, string | undefined, string])[] = [
    [Buffer.from('{"a" : 1.10}'), 'application/json', 'data'],
    [Buffer.from('[1]'), 'application/geo+json; charset=utf-8', 'data'],
    [Buffer.from('"text"'), undefined, 'data'],
    [Buffer.from('plain "text" ü'), 'text/plain', 'data'],
    [Buffer.from([0, 255, 1]), 'application/octet-stream', 'data_base64'],
    [Buffer.from('no json'), 'application/json', 'data_base64'],
    [Buffer.from([255]), undefined, 'data_base64'],
    [Buffer.from('<a/>'), 'application/xml', 'data_base64'],
  ];
  for (const [body, contentType, member] of cases) {
    await write.publish('a', body, contentType === undefined ? {} : { contentType });
    const event = await only(write);
    assert.deepEqual(Object.keys(JSON.parse(text(event)) as object).at(-1), member);
    await read.publish('a', event?.body ?? '');
    const frame = await only(read);
    assert.equal(frame?.contentType, contentType);
    if (contentType === 'application/json' && member === 'data') assert.deepEqual(JSON.parse(text(frame)), { a: 1.1 });
    else assert.equal(Buffer.from(frame?.body ?? []).toString('hex'), body.toString('hex'), contentType);
  }
  await write.publish('a', new Uint8Array());
  assert.ok(!text(await only(write)).includes('data'));
});

test('a binary event is read and written by the headers of its bus, and functions make another event of it', async () => {
  const files = { 'functions/f.ts': 'export default (body) => ({ ...body, seen: true });' };
  const ends = { from: { cloudevents: 'any' }, to: { cloudevents: 'binary' } } as const;
  const headers = new Map(
    Object.entries({ 'ce-specversion': '1.0', 'ce-id': 'e1', 'ce-source': '/s', 'CE-Type': 't' }).map(
      ([name, value]) => [name, [value]],
    ),
  );
  await using plain = await startMemoryRun(ends);
  await plain.publish('a', '{"n":1}', { headers, contentType: 'application/json' });
  const same = await only(plain);
  assert.deepEqual([same?.headers.get('ce-id'), same?.headers.get('ce-type')], [['e1'], ['t']]);
  await using made = await startMemoryRun({ ...ends, files, stages: [{ function: 'f' }] });
  await made.publish('a', '{"n":1}', { headers, contentType: 'application/json' });
  const other = await only(made);
  assert.deepEqual(other?.headers.get('ce-id'), [other?.id]);
  assert.equal(text(other), '{"n":1,"seen":true}');
});

test('what is no event is a dead letter with its bytes, and a replayed one is read once', async () => {
  await using run = await startMemoryRun({ from: { cloudevents: 'any' } });
  const bad: readonly (readonly [unknown, Partial<Frame>])[] = [
    [{ a: 1 }, {}],
    [[EVENT], { contentType: 'application/cloudevents-batch+json' }],
    ['x', { contentType: STRUCTURED }],
    [{ ...EVENT, specversion: '0.3' }, { contentType: STRUCTURED }],
    [{ ...EVENT, id: '' }, { contentType: STRUCTURED }],
    [{ ...EVENT, Upper: 1 }, { contentType: STRUCTURED }],
    [{ ...EVENT, nested: {} }, { contentType: STRUCTURED }],
    [{ ...EVENT, time: 'noon' }, { contentType: STRUCTURED }],
    [{ ...EVENT, data: 1, data_base64: '' }, { contentType: STRUCTURED }],
    [{ ...EVENT, data_base64: '***' }, { contentType: STRUCTURED }],
    [{}, { headers: new Map([['ce-specversion', ['1.0']]]) }],
    // With every attribute that an event needs, and refused.
    [{}, { headers: binaryHeaders({ time: 'noon' }) }],
    [{}, { headers: binaryHeaders({ specversion: '0.3' }) }],
    [{ ...EVENT, subject: '\ud800' }, { contentType: STRUCTURED }],
  ];
  for (const [body, more] of bad) await run.publish('a', JSON.stringify(body), more);
  await run.rest(bad.length);
  const letters = run.letters();
  assert.deepEqual(
    letters.map(({ code }) => code),
    bad.map(() => 'CLOUDEVENT_INVALID'),
  );
  const label = { ...EVENT, seclabel: 'S' };
  await run.publish('a', JSON.stringify(label), { contentType: STRUCTURED, headers: new Map([['seclabel', ['U']]]) });
  await run.publish('a', '{"specversion":"1.0","specversion":"1.0"}', { contentType: STRUCTURED });
  await run.rest(bad.length + 2);
  assert.deepEqual(
    run
      .letters()
      .slice(-2)
      .map(({ code }) => code),
    ['LABEL_DUPLICATE', 'DECODE_FAILED'],
  );
  run.replay();
  await run.rest(2 * (bad.length + 2));
  assert.deepEqual(
    run
      .letters()
      .map(({ code }) => code)
      .toSorted((one, other) => String(one).localeCompare(String(other))),
    [...bad.map(() => 'CLOUDEVENT_INVALID'), 'DECODE_FAILED', 'LABEL_DUPLICATE'].toSorted((one, other) =>
      one.localeCompare(other),
    ),
  );
});

test('cloudevents is checked: headers where there are none, and events without type and source', async () => {
  const found = async (connection: object, from: object, to: object) => {
    using project = newProject({
      'pipelines/p.yaml': {
        name: 'p',
        buses: { m: { bus: 'mqtt', url: 'mqtt://127.0.0.1:1', ...connection } },
        routes: [{ name: 'r', from: { bus: 'm', topics: ['a'], ...from }, to: { bus: 'm', topic: 'b', ...to } }],
      },
    });
    const { findings } = await loadPipeline(project.path('pipelines/p.yaml'), 'check');
    return findings
      .filter(({ severity }) => severity === 'error')
      .map(({ path, code, write }) => `${path} ${code} ${write}`);
  };
  const old = { protocol: '3.1.1' };
  const set = { headers: { set: { 'ce-type': 't', 'ce-source': '/s' } } };
  assert.deepEqual(await found(old, { cloudevents: 'structured' }, { cloudevents: 'structured' }), []);
  assert.deepEqual(await found(old, {}, { cloudevents: 'structured', ...set }), []);
  assert.deepEqual(await found(old, { cloudevents: 'any' }, {}), [
    '/routes/0/from/cloudevents OPTIONS_CONFLICT cloudevents: structured',
  ]);
  assert.deepEqual(await found(old, { cloudevents: 'structured' }, { cloudevents: 'binary' }), [
    '/routes/0/to/cloudevents OPTIONS_CONFLICT cloudevents: structured',
  ]);
  assert.deepEqual(await found({}, {}, { cloudevents: 'binary', headers: { set: { 'ce-type': 't' } } }), [
    '/routes/0/to/headers/set/ce-source MISSING_FIELD headers: { set: { ce-source: ... } }',
  ]);
  assert.deepEqual(await found({}, { codec: 'cloudevents' }, {}), [
    '/routes/0/from/codec WRONG_VALUE cloudevents: structured, beside codec and not in its place',
  ]);
});
