import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verifyAudit } from '../../runtime/store/audit/verify-audit.ts';
import { cbor } from '../../runtime/codecs/cbor.ts';
import { waitFor } from '../harness/wait-for.ts';
import { COARSE, type GuardRun, PREFIX, SECRET, startGuard, TRACK } from './guard-fixture.ts';

interface Decision {
  readonly kind: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly in: { readonly digest: string; readonly label: string | null };
  readonly out: { readonly digest: string; readonly msgid: string };
  readonly steps: readonly { readonly s: string; readonly r: string; readonly n?: number }[];
}

function decisions({ audit }: GuardRun): readonly Decision[] {
  return readFileSync(audit, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Decision)
    .filter(({ kind }) => kind === 'guard.decision');
}

test('a secret track leaves coarse, relabelled, without anything of the frame that it came in', async () => {
  await using guard = await startGuard();
  await guard.publish(TRACK, {
    headers: new Map([
      ['seclabel', [SECRET]],
      ['seclabelsig', ['x']],
      ['traceparent', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']],
      ['x-note', ['secret']],
      ['sluice-hops', ['7']],
    ]),
    id: 'high-id-1',
    key: 'high-key',
    timestampMs: 1_700_000_000_000,
    contentType: 'application/json; profile=secret',
  });
  await waitFor(() => guard.low[0], 5000, 'a frame on the low side');
  const [frame, ...others] = guard.low;
  assert.ok(frame);
  assert.deepEqual(others, []);
  assert.equal(Buffer.from(frame.body ?? []).toString(), COARSE);
  assert.equal(frame.address, 'tracks/alpha-7');
  assert.equal(frame.key, 'alpha-7');
  assert.equal(frame.contentType, 'application/json');
  assert.match(frame.id ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(
    [...frame.headers],
    [
      ['seclabel', [`${PREFIX}U;REL=*`]],
      ['sluice-hops', ['1']],
    ],
  );
  assert.equal(frame.expiresAtMs, undefined);
  assert.notEqual(frame.timestampMs, 1_700_000_000_000);
  const [decision] = decisions(guard);
  assert.equal(decision?.outcome, 'release');
  assert.equal(decision.in.label, SECRET);
  assert.equal(decision.out.msgid, frame.id);
  assert.deepEqual(
    decision.steps.map(({ s, r, n }) => (n === undefined ? `${s} ${r}` : `${s} ${r} ${n}`)),
    [
      'decode pass',
      'schema:in pass',
      'allowFields modify 3',
      'round modify 2',
      'time modify 1',
      'encode pass',
      'schema:out pass',
      'schema:out:second pass',
      'headers modify 5',
    ],
  );
  await guard.run.stop();
  assert.equal((await verifyAudit(guard.audit, undefined)).isWhole, true);
  const text = readFileSync(guard.audit, 'utf8');
  for (const secret of ['SIGINT', '53.54', 'vessel']) assert.ok(!text.includes(secret), secret);
});

const REFUSED: readonly (readonly [reason: string, body: string])[] = [
  ['decode:too-many-bytes', JSON.stringify({ ...TRACK, source: 'x'.repeat(3000) })],
  ['decode:too-deep', '{"id":{"a":{"b":{"c":{}}}}}'],
  ['schema:in:additionalProperties', JSON.stringify({ ...TRACK, remarks: 'x' })],
  ['schema:in:additionalProperties', JSON.stringify({ ...TRACK, seclabel: SECRET })],
  ['schema:in:enum', JSON.stringify({ ...TRACK, kind: 'spy' })],
  ['schema:in:pattern', JSON.stringify({ ...TRACK, id: 'alpha-7 SECRET' })],
  ['schema:in:required', '{}'],
  ['schema:in:type', '[]'],
  ['schema:in:maximum', JSON.stringify({ ...TRACK, lat: 91 })],
];

test('what is not of the expected form is blocked with its record, and nothing leaves', async () => {
  await using guard = await startGuard();
  for (const [, body] of REFUSED) await guard.publish(body);
  const { blocked, delivered } = await guard.run.rest(REFUSED.length);
  assert.deepEqual({ blocked, delivered }, { blocked: REFUSED.length, delivered: 0 });
  assert.deepEqual(
    decisions(guard).map(({ outcome, reason }) => [outcome, reason]),
    REFUSED.map(([reason]) => ['reject', reason]),
  );
  assert.deepEqual(
    guard.run.letters().map(({ code }) => code),
    REFUSED.map(() => 'GUARD_REJECTED'),
  );
  assert.deepEqual(guard.low, []);
});

test('a label that the guard does not take is blocked, whatever is in the body', async () => {
  await using guard = await startGuard(
    { accept: { max: 'S;REL=GBR,USA', min: 'C;REL=*' } },
    { hub: { ceiling: 'TS;REL=USA' } },
  );
  const label = (text: string): object => ({ headers: new Map([['seclabel', [`${PREFIX}${text}`]]]) });
  const labels = ['TS;REL=GBR,USA', 'S;REL=USA', 'U;REL=*', 'C;REL=GBR,USA'];
  for (const text of labels) await guard.publish(TRACK, label(text));
  await guard.run.rest(labels.length);
  assert.deepEqual(
    decisions(guard).map(({ outcome, reason }) => `${outcome} ${reason}`),
    ['reject label:not-accepted', 'reject label:not-accepted', 'reject label:not-accepted', 'release null'],
  );
});

test('words that nobody may send are found however they are written, and a rate bounds what leaves', async () => {
  await using guard = await startGuard({
    steps: [
      { allowFields: ['id', 'lat', 'lon', 't'] },
      { denyPatterns: '# words\nalpha-9\n' },
      { rate: { perMinute: 1, burst: 2 } },
    ],
  });
  for (const id of ['alpha-9', 'alpha-1', 'alpha-2', 'alpha-3']) await guard.publish({ ...TRACK, id });
  await guard.run.rest(4);
  assert.deepEqual(
    decisions(guard).map(({ outcome, reason }) => `${outcome} ${reason}`),
    ['reject denyPatterns:denied-word', 'release null', 'release null', 'reject rate:too-many'],
  );
});

test('headers leave only with a value that is listed', async () => {
  await using guard = await startGuard({ headers: { priority: ['routine', 'flash'] } });
  const headers = (priority: readonly string[]): object => ({
    headers: new Map([
      ['seclabel', [SECRET]],
      ['priority', priority],
    ]),
  });
  for (const values of [['flash'], ['flash '], ['flash', 'routine'], ['SIGINT']])
    await guard.publish(TRACK, headers(values));
  await guard.run.rest(4);
  await waitFor(() => guard.low[3], 5000, 'four frames');
  assert.deepEqual(
    guard.low.map((frame) => frame.headers.get('priority')),
    [['flash'], undefined, undefined, undefined],
  );
});

test('a body of a binary codec is judged as the JSON of what it holds', async () => {
  const bodies: readonly (readonly [body: object, reason: string | null])[] = [
    [TRACK, null],
    [{ ...TRACK, lat: Number.NaN }, 'decode:no-json'],
    [{ ...TRACK, source: Buffer.from('SIGINT') }, 'schema:in:type'],
    [{ ...TRACK, remarks: 'x' }, 'schema:in:additionalProperties'],
  ];
  for (const how of ['codec', 'content type']) {
    await using guard = await startGuard({}, how === 'codec' ? { from: { codec: 'cbor' } } : {});
    for (const [body] of bodies)
      await guard.run.publish('a', cbor.encode(body), {
        headers: new Map([['seclabel', [SECRET]]]),
        contentType: 'application/cbor',
      });
    await guard.run.rest(bodies.length);
    const frame = await waitFor(() => guard.low[0], 5000, 'a frame on the low side');
    assert.equal(Buffer.from(frame.body ?? []).toString(), COARSE, how);
    assert.equal(frame.contentType, 'application/json');
    assert.deepEqual(
      decisions(guard).map(({ reason }) => reason),
      bodies.map(([, reason]) => reason),
      how,
    );
  }
});

test('a function before the guard may make the form that it expects', async () => {
  await using guard = await startGuard(
    {},
    {
      stages: [{ function: 'f' }, { guard: 'g' }],
      files: { 'functions/f.ts': `export default ({ where, ...rest }) => ({ ...rest, ...where });` },
    },
  );
  const { lat, lon, ...rest } = TRACK;
  await guard.publish({ ...rest, where: { lat, lon } });
  await guard.publish({ ...rest, where: { lat, lon: '9' } });
  await guard.run.rest(2);
  assert.deepEqual(
    guard.low.map(({ body }) => Buffer.from(body ?? []).toString()),
    [COARSE],
  );
  assert.deepEqual(
    decisions(guard).map(({ reason }) => reason),
    [null, 'schema:in:type'],
  );
});
