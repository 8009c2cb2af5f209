import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '#contract/frame.ts';
import { signBinding } from '../../runtime/labels/binding.ts';
import { bindingKey } from '../../runtime/labels/binding-key.ts';
import { type MemoryRun, type MemoryRunSettings, startMemoryRun } from '../host/memory-run.ts';
import { ASSUMING_FILE } from './demo-policy.ts';

const PREFIX = '1;p=urn:demo:ops;c=';
const SECRET = 'a secret of thirty-two bytes or more';

function labelled(label: string, more: Readonly<Record<string, string>> = {}): Partial<Frame> {
  const all = Object.entries({ seclabel: PREFIX + label, ...more });
  return { headers: new Map(all.map(([name, text]) => [name, [text]])) };
}

function start({ files, ...settings }: MemoryRunSettings): Promise<MemoryRun> {
  return startMemoryRun({
    file: { labels: 'ops' },
    hub: { ceiling: 'S;REL=GBR,USA' },
    files: { 'schemas/ops.policy.json': ASSUMING_FILE, secret: SECRET, ...files },
    ...settings,
  });
}

for (const [what, third] of [
  ['no label', {}],
  ['one that is none', { headers: new Map([['seclabel', ['x']]]) }],
  ['one above the source', labelled('TS;REL=USA')],
] as const) {
  test(`in a spool that keeps the newest a message that will be blocked replaces none: with ${what}`, async () => {
    await using run = await start({
      files: {
        'functions/f.ts':
          'export default async (body) => { await new Promise((done) => setTimeout(done, 300)); return body; };',
      },
      stages: [{ function: 'f' }],
      route: { class: 'telemetry', spool: { max: '10MiB' } },
      from: { key: '{address.1}', window: { messages: 1 } },
    });
    for (const n of [1, 2]) await run.publish('a', JSON.stringify({ n }), labelled('U'));
    await run.publish('a', JSON.stringify({ n: 3 }), third);
    const sent = await run.take(2);
    assert.deepEqual(
      sent.map(({ body }) => Buffer.from(body ?? []).toString()),
      ['{"n":1}', '{"n":2}'],
    );
    const { blocked, superseded } = await run.rest(3);
    assert.deepEqual({ blocked, superseded }, { blocked: 1, superseded: 0 });
  });
}

test('an event that was refused is refused in replay too, whatever headers came with it', async () => {
  for (const [cloudevents, body, headers, contentType] of [
    [
      'any',
      `{"specversion":"1.0","id":"1","source":"s","seclabel":"${PREFIX}S;REL=USA","data":{}}`,
      { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 's', 'ce-type': 't' },
      'application/cloudevents+json',
    ],
    ['binary', '{}', { 'ce-specversion': '1.0', 'ce-id': '1' }, undefined],
  ] as const) {
    await using run = await start({ from: { cloudevents, missingLabel: 'U;REL=*' } });
    const all = Object.entries(headers).map(([name, text]) => [name, [text]] as const);
    await run.publish('a', body, { headers: new Map(all), contentType });
    await run.rest(1);
    assert.equal(run.letters()[0]?.['code'], 'CLOUDEVENT_INVALID');
    run.replay();
    const { sent } = await run.rest(2);
    assert.deepEqual([sent, run.letters()[0]?.['code']], [0, 'CLOUDEVENT_INVALID']);
  }
});

test('a binding is judged by the time at which the message came, also in replay', async () => {
  await using run = await start({
    files: {
      'functions/f.ts':
        "let calls = 0;\nexport default (body) => { calls += 1; if (calls === 1) throw new Error('x'); return body; };",
    },
    stages: [{ function: 'f' }],
    route: { retry: { attempts: 1 } },
    from: { binding: { keys: { k: { alg: 'HS256', key: 'file:secret' } } } },
  });
  // It holds for some seconds more.
  const nowS = Math.floor(Date.now() / 1000) - 300;
  const bound = { label: `${PREFIX}U`, body: Buffer.from('{}'), contentType: undefined, id: undefined };
  const signer = { kid: 'k', key: bindingKey('HS256', SECRET, 'sign'), issuer: 'x', expiresAfterS: 2 };
  const seclabelsig = signBinding(bound, signer, nowS);
  await run.publish('a', '{}', { ...labelled('U', { seclabelsig }), contentType: undefined, id: undefined });
  await run.rest(1);
  assert.equal(run.letters()[0]?.['code'], 'TRANSFORM_THREW');
  await new Promise((done) => setTimeout(done, 3100));
  run.replay();
  assert.equal((await run.take(1)).length, 1);
});
