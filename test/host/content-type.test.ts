import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '#contract/frame.ts';
import { startMemoryRun } from './memory-run.ts';

const FUNCTION = { files: { 'functions/f.ts': 'export default (body) => body;' }, stages: [{ function: 'f' }] };
const GIVEN: readonly Partial<Frame>[] = [
  {},
  { contentType: 'application/json' },
  { headers: new Map([['content-type', ['beside']]]), contentType: 'application/json' },
  { headers: new Map([['Content-Type', ['x/y']]]) },
];

/** Content type and headers of each of GIVEN behind a route with these words. */
async function arrived(headers: object, more: object = {}): Promise<unknown> {
  await using run = await startMemoryRun({ to: { headers }, ...more });
  for (const given of GIVEN) await run.publish('a', '{}', given);
  const frames = await run.take(GIVEN.length);
  return frames.map((frame) => [frame.contentType, [...frame.headers.keys()].filter((name) => name !== 'sluice-hops')]);
}

for (const [what, more] of Object.entries({ 'bodies pass': {}, 'a function writes them': FUNCTION })) {
  test(`the content type that the file sets is that of each message, where ${what}`, async () => {
    for (const name of ['content-type', 'Content-Type']) {
      const all = GIVEN.map(() => ['application/cloudevents+json', []]);
      assert.deepEqual(await arrived({ set: { [name]: 'application/cloudevents+json' } }, more), all);
      assert.deepEqual(await arrived({ set: { [name]: 'application/cloudevents+json' }, drop: [name] }, more), all);
    }
  });

  test(`the content type that the file drops is on no message, where ${what}`, async () => {
    assert.deepEqual(
      await arrived({ drop: ['content-type'] }, more),
      GIVEN.map(() => [undefined, []]),
    );
  });
}

test('the content type can be made of the message', async () => {
  await using run = await startMemoryRun({
    to: { headers: { set: { 'content-type': '{header.Content-Type};v={body.v}' } } },
  });
  await run.publish('a', '{"v":2}', { contentType: 'application/json' });
  assert.equal((await run.take(1))[0]?.contentType, 'application/json;v=2');
});

test("key, dedupe and headers can be made of the publisher's id and content type", async () => {
  await using run = await startMemoryRun({
    from: { key: '{header.msgid}', dedupe: { by: '{header.content-type}', compare: 'by' } },
    to: { headers: { set: { unit: '{key}', id: '{header.MsgId}', until: '{header.expirytime}' } } },
  });
  const expiresAtMs = Date.UTC(2099, 0, 1);
  for (const [id, contentType] of [
    ['one', 'a/b'],
    ['two', 'a/b'],
    ['three', 'c/d'],
  ] as const) {
    await run.publish('a', '{}', { id, contentType, expiresAtMs });
  }
  const frames = await run.take(2);
  assert.deepEqual(
    frames.map(({ headers }) => ['unit', 'id', 'until'].map((name) => headers.get(name)?.[0])),
    ['one', 'three'].map((id) => [id, id, '2099-01-01T00:00:00.000Z']),
  );
  assert.equal((await run.rest(3)).deadLettered, 0);
});
