import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_FILE } from '../labels/demo-policy.ts';
import { type MemoryRun, startMemoryRun } from '../host/memory-run.ts';
import { waitFor } from '../harness/wait-for.ts';

const TOKEN = 'a-token-of-twenty-chars';
const ADMIN = { host: '127.0.0.1', port: 0 };
const SCHEMA = { type: 'object', properties: { lat: { type: 'number', maximum: 90 } } };

/** A run in which the letters of messages with a latitude beyond 90 lie. */
async function withLetters(bodies: readonly string[], run: object = {}): Promise<MemoryRun> {
  const memory = await startMemoryRun({
    files: { 'schemas/place.v1.json': SCHEMA },
    stages: [{ validate: 'place.v1' }],
    run: { admin: ADMIN, ...run },
  });
  for (const body of bodies) await memory.publish('a', body);
  await memory.rest(bodies.length);
  return memory;
}

function urlOf({ pipeline: { adminUrl = '' } }: MemoryRun): string {
  return adminUrl;
}

async function words(url: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(url, { headers });
  return (await answer.text()).replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

function post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers });
}

/** As a form of the page has it. */
async function sealOf(run: MemoryRun): Promise<string> {
  return /name="seal" value="([^"]+)"/.exec(await (await fetch(`${urlOf(run)}/letters`)).text())?.[1] ?? '';
}

test('a letter is shown with the field that was refused; its text is text, whatever the publisher wrote', async () => {
  await using run = await withLetters(['{"name":"<script>alert(1)</script>","lat":99}']);
  const url = urlOf(run);
  assert.match(
    await words(`${url}/letters`),
    / 1 \S+ \S+ r SCHEMA_INVALID \/lat 1 expected a body of schema place\.v1/,
  );
  const letter = await (await fetch(`${url}/letters/1`)).text();
  assert.match(letter, /<mark> *&quot;lat&quot;: 99 {2}&lt;-- here<\/mark>/);
  assert.ok(letter.includes('&lt;script&gt;alert(1)') && !letter.includes('<script>alert'));
  assert.equal((await fetch(`${url}/letters/2`)).status, 404);
  assert.equal((await fetch(`${url}/letters/x`)).status, 404);
});

test('letters come fifty a page, the newest first, and can be chosen by route and code', async () => {
  await using run = await withLetters(Array.from({ length: 51 }, () => '{"lat":99}'));
  const url = urlOf(run);
  const numbers = async (query: string) =>
    [...(await (await fetch(`${url}/letters${query}`)).text()).matchAll(/href="\/letters\/(\d+)"/g)].map(([, n]) => n);
  const first = await numbers('');
  assert.deepEqual([first.length, first[0], first.at(-1)], [50, '51', '2']);
  assert.deepEqual(await numbers('?route=&code=&below=2'), ['1']);
  assert.deepEqual(await numbers('?code=DECODE_FAILED'), []);
  assert.equal((await numbers('?code=SCHEMA_INVALID&route=r')).length, 50);
});

test('without --admin-write nothing can be replayed or discarded, and the page says how it could', async () => {
  await using run = await withLetters(['{"lat":99}']);
  const url = urlOf(run);
  assert.match(await words(`${url}/letters`), /start the pipeline with --admin-write/);
  for (const path of ['replay', 'discard']) {
    const answer = await post(`${url}/letters/${path}`, { number: '1', sure: 'yes', seal: await sealOf(run) });
    assert.equal(answer.status, 403);
  }
  assert.equal(run.letters().length, 1);
});

test('a form without the seal of its page, or of another origin, changes nothing', async () => {
  await using run = await withLetters(['{"lat":99}'], { admin: { ...ADMIN, isWritable: true } });
  const url = urlOf(run);
  const seal = await sealOf(run);
  const fields = { number: '1', sure: 'yes' };
  for (const [given, headers] of [
    [{}, {}],
    [{ seal: 'x'.repeat(43) }, {}],
    [{ seal }, { origin: 'http://evil.example' }],
    [{ seal }, { origin: 'null' }],
    [{ seal }, { 'sec-fetch-site': 'cross-site' }],
    [{ seal }, { 'sec-fetch-site': 'same-site' }],
  ] as const) {
    const answer = await post(`${url}/letters/discard`, { ...fields, ...given }, headers);
    assert.equal(answer.status, 403, JSON.stringify([given, headers]));
  }
  assert.equal(run.letters().length, 1);
});

test('discarding asks once more, and then the letter is gone; the log says so', async () => {
  await using run = await withLetters(['{"lat":99}', '{"lat":98}'], { admin: { ...ADMIN, isWritable: true } });
  const url = urlOf(run);
  const seal = await sealOf(run);
  const asked = await post(`${url}/letters/discard`, { seal, number: '1' });
  assert.match(await asked.text(), /What is discarded is gone for good/);
  assert.equal(run.letters().length, 2);
  const done = await post(`${url}/letters/discard`, { seal, number: '1', sure: 'yes' });
  assert.equal(done.headers.get('location'), '/letters?discarded=1');
  assert.equal(run.letters().length, 1);
  assert.ok(run.said.some(({ event, fields }) => event === 'letters-discard-requested' && fields['letters'] === 1));
});

test('a replayed letter goes through its route, and the page tells how it ended', async () => {
  await using run = await withLetters(['{"lat":99}', '{"lat":98}'], { admin: { ...ADMIN, isWritable: true } });
  const url = urlOf(run);
  const seal = await sealOf(run);
  const answer = await post(`${url}/letters/replay`, { seal, all: 'yes', page: '1,2' });
  const location = answer.headers.get('location') ?? '';
  assert.match(location, /^\/letters\/replay\?name=[\w-]+$/);
  await waitFor(async () => (await words(url + location)).includes('Ended'), 10_000, 'the end of the replay');
  assert.match(
    await words(url + location),
    /Ended : 0 went through, 2 failed again, 0 left\. Letter 1 : SCHEMA_INVALID/,
  );
  const none = await post(`${url}/letters/replay`, { seal, number: '77' });
  assert.equal(none.status, 409);
});

test('who has the token may act without a form, and who has another one may not', async () => {
  await using run = await withLetters(['{"lat":99}'], {
    admin: { ...ADMIN, isWritable: true },
    environment: { SLUICE_ADMIN_TOKEN: TOKEN },
  });
  const url = `${urlOf(run)}/letters/discard`;
  const fields = { number: '1', sure: 'yes' };
  assert.equal((await post(url, fields)).status, 401);
  assert.equal((await post(url, fields, { authorization: 'Bearer another-token-of-yours' })).status, 401);
  assert.equal((await post(url, fields, { authorization: `Bearer ${TOKEN}` })).status, 303);
  assert.equal(run.letters().length, 0);
});

test('a failure that a function raised above labels.telemetry has a code in log and page, and no text', async () => {
  const raising = "context.raise('TS'); throw new Error('words of agent 47')";
  await using run = await startMemoryRun({
    file: { labels: { policy: 'ops', telemetry: 'S;REL=GBR,USA' } },
    files: {
      'schemas/ops.policy.json': DEMO_FILE,
      'functions/f.ts': `export default (body, context) => { if (body.a === 1) { ${raising}; } throw new Error('as ever'); };`,
    },
    hub: { ceiling: 'S;REL=GBR,USA' },
    stages: [{ function: 'f' }],
    run: { admin: ADMIN },
  });
  const headers = new Map([['seclabel', ['1;p=urn:demo:ops;c=S;REL=GBR,USA']]]);
  await run.publish('a', '{"a":1}', { headers });
  await run.rest(1);
  assert.match(await words(urlOf(run)), /TRANSFORM_THREW.*not told: the label/);
  assert.doesNotMatch((await words(`${urlOf(run)}/status`)) + (await words(`${urlOf(run)}/letters`)), /agent 47/);
  await run.publish('a', '{"a":2}', { headers });
  await run.rest(2);
  assert.match(await words(urlOf(run)), /TRANSFORM_THREW.*f threw Error: as ever/);
});

test('letters above labels.telemetry are counted and neither shown, replayed nor discarded', async () => {
  await using run = await startMemoryRun({
    file: { labels: { policy: 'ops', telemetry: 'S;REL=GBR,USA' } },
    files: { 'schemas/ops.policy.json': DEMO_FILE, 'functions/f.ts': 'export default (body) => body;' },
    hub: { ceiling: 'S;REL=GBR,USA' },
    stages: [{ function: 'f' }],
    run: { admin: { ...ADMIN, isWritable: true } },
  });
  const url = urlOf(run);
  for (const label of ['S;REL=GBR,USA', 'TS;REL=GBR,USA', undefined]) {
    const headers = new Map(label === undefined ? [] : [['seclabel', [`1;p=urn:demo:ops;c=${label}`]] as const]);
    await run.publish('a', 'secret words', { headers });
  }
  await run.rest(3);
  const list = await words(`${url}/letters`);
  assert.match(list, /3 letters 2 of this page are not shown: their label is above S;REL=GBR,USA/);
  assert.equal((await fetch(`${url}/letters/1`)).status, 200);
  for (const number of ['2', '3']) {
    const answer = await fetch(`${url}/letters/${number}`);
    assert.equal(answer.status, 403);
    assert.doesNotMatch(await answer.text(), /secret words/);
    const seal = await sealOf(run);
    for (const path of ['replay', 'discard']) {
      assert.equal((await post(`${url}/letters/${path}`, { seal, number, sure: 'yes' })).status, 409);
    }
  }
  const seal = await sealOf(run);
  const together = await post(`${url}/letters/discard`, { seal, all: 'yes', page: '1,2', sure: 'yes' });
  assert.equal(together.status, 409, 'one that is shown takes none along that is not');
  assert.equal(run.letters().length, 3);
});
