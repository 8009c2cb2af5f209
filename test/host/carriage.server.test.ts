import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverTest } from '../harness/server-test.ts';
import { fixture, SERVERS } from './fixture.ts';
import { startMemoryRun } from './memory-run.ts';
import { startSluice } from '../harness/sluice-process.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
// Whatever an integrator may do to a body: replace it, make several, mutate what it is given.
const SOURCE = `
  import { emit } from 'sluice';
  export default (body, context) => {
    const { label } = context;
    Object.assign(context, { label: 'U', key: 'elsewhere' });
    return body.several ? emit({ n: 1 }, { n: 2 }) : { seen: label ?? null, seclabel: 'U', headers: { seclabel: 'U' } };
  };
`;

test('the label goes from source to sink as it came, through any function, with every other header', async () => {
  await using run = await startMemoryRun({ files: { 'functions/f.ts': SOURCE }, stages: [{ function: 'f' }] });
  const headers = new Map([
    ['seclabel', ['S;REL=FVEY,NATO "ü"']],
    ['traceparent', [TRACEPARENT]],
    ['x-other', ['1', '2']],
  ]);
  await run.publish('a', '{"several":true}', { headers });
  await run.publish('a', '{}', { headers });
  await run.publish('a', '{}');
  const frames = await run.take(4);
  for (const frame of frames.slice(0, 3)) assert.deepEqual([...frame.headers], [...headers, ['sluice-hops', ['1']]]);
  assert.deepEqual([...(frames[3]?.headers.keys() ?? [])], ['sluice-hops'], 'no label is made up');
});

test('headers that the sink names are added, from templates; a value that is missing rejects the message', async () => {
  await using run = await startMemoryRun({
    from: { key: '{address.1}' },
    to: { headers: { set: { unit: '{key}', via: 'sluice/{route}', kind: '{body.kind}', origin: '{header.origin}' } } },
  });
  const headers = new Map([
    ['origin', ['north']],
    ['via', ['somebody else']],
  ]);
  await run.publish('v1', '{"kind":7}', { headers });
  await run.publish('v1', '{}', { headers });
  const [frame] = await run.take(1);
  assert.deepEqual(Object.fromEntries(frame?.headers ?? []), {
    origin: ['north'],
    via: ['sluice/r'],
    unit: ['v1'],
    kind: ['7'],
    'sluice-hops': ['1'],
  });
  assert.equal((await run.rest(2)).deadLettered, 1);
  assert.equal(run.letters()[0]?.['code'], 'HEADER_MISSING');
  assert.match(
    String(run.letters()[0]?.['text']),
    /a value for {body.kind}, which header kind is set from, found none/,
  );
});

serverTest('label, trace and other headers go from MQTT 5 to JetStream as they came', SERVERS, async () => {
  await using at = await fixture({ source: SOURCE, to: { headers: { set: { unit: '{key}' } } } });
  await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: at.project.folder });
  await bridge.said('ready');
  await at.publisher.publish('in/v1', '{}', {
    userProperties: { seclabel: 'S;REL=FVEY', traceparent: TRACEPARENT, 'x-other': ['1', '2'], msgid: 'm1' },
  });
  const [stored] = await at.stream.read(1);
  assert.equal(stored?.subject, 'out.v1');
  assert.equal(
    Buffer.from(stored?.body ?? []).toString(),
    '{"seen":"S;REL=FVEY","seclabel":"U","headers":{"seclabel":"U"}}',
  );
  assert.deepEqual(stored?.header('seclabel'), ['S;REL=FVEY']);
  assert.deepEqual(stored?.header('traceparent'), [TRACEPARENT]);
  assert.deepEqual(stored?.header('x-other'), ['1', '2']);
  assert.deepEqual(stored?.header('unit'), ['v1']);
  assert.match(stored?.header('Nats-Msg-Id')[0] ?? '', /^bridge\/up\/.*m1/);
  bridge.signal('SIGTERM');
  assert.equal(await bridge.ended(), 0);
});
