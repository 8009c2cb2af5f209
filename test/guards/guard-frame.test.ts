import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startMemoryRun } from '../host/memory-run.ts';
import { encode } from '../../runtime/engine/frames/codec-steps.ts';
import { routeForTest } from '../engine/route-for-test.ts';
import { ListSource, sinkThat } from '../engine/started-route.ts';
import { VirtualClock } from '../engine/virtual-clock.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { waitFor } from '../harness/wait-for.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { DEMO_FILE } from '../labels/demo-policy.ts';
import { PREFIX, SECRET, startGuard, TRACK, TRACK_LOW } from './guard-fixture.ts';

const CLASSES = [
  ['telemetry', { from: { key: '{body.id}', expires: '30s' } }],
  ['command', { from: { key: '{body.id}', expires: '30s' } }],
  ['event', {}],
  ['audit', { from: { key: '{body.id}' } }],
] as const;

// Spans are made; nobody takes them.
const TRACED = { run: { environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } } };

test('the trace of the high side breaks at the guard, in every class', async () => {
  await using plain = await startMemoryRun(TRACED);
  await plain.publish('a', '{}');
  const [carried] = await plain.take(1);
  assert.ok(carried?.headers.has('traceparent'), 'without a guard the context is carried');
  for (const [trafficClass, words] of CLASSES) {
    await using guard = await startGuard({}, { ...words, route: { class: trafficClass }, ...TRACED });
    await guard.publish(TRACK);
    const frame = await waitFor(() => guard.low[0], 5000, `a frame of class ${trafficClass}`);
    assert.deepEqual([...frame.headers.keys()].toSorted(), ['seclabel', 'sluice-hops'], trafficClass);
  }
});

test('in every class what leaves has the headers of the guard alone, redelivered or not', async () => {
  for (const [trafficClass, words] of CLASSES) {
    await using guard = await startGuard({}, { ...words, route: { class: trafficClass } });
    await guard.publish(TRACK, {
      headers: new Map([
        ['seclabel', [SECRET]],
        ['replayed', ['yes']],
        ['stale', ['yes']],
      ]),
    });
    const frame = await waitFor(() => guard.low[0], 5000, `a frame of class ${trafficClass}`);
    assert.deepEqual([...frame.headers.keys()].toSorted(), ['seclabel', 'sluice-hops'], trafficClass);
    assert.equal(frame.expiresAtMs, undefined, trafficClass);
  }
});

test('a stage behind the guard that stamps the name of a schema lets nothing of the delivery out', async () => {
  await using guard = await startGuard(
    {},
    { stages: [{ guard: 'g' }, { validate: 'track.low' }], route: { stamp: true }, ...TRACED },
  );
  await guard.publish(TRACK, {
    headers: new Map([
      ['seclabel', [SECRET]],
      ['sluice-hops', ['7']],
    ]),
    timestampMs: 1_700_000_000_000,
    expiresAtMs: Date.now() + 60_000,
  });
  const frame = await waitFor(() => guard.low[0], 5000, 'a frame on the low side');
  assert.deepEqual(
    [...frame.headers],
    [
      ['schema', ['track.low']],
      ['seclabel', [`${PREFIX}U;REL=*`]],
      ['sluice-hops', ['1']],
    ],
  );
  assert.notEqual(frame.timestampMs, 1_700_000_000_000);
  assert.equal(frame.expiresAtMs, undefined);
});

test('a message behind a guard that the guard did not make is not sent', () => {
  const { ends } = routeForTest({
    source: new ListSource([]),
    sink: sinkThat(),
    clock: new VirtualClock(1),
    isSealed: true,
  }).route;
  const [end] = ends.sinks;
  assert.ok(end);
  const frame = frameForTest('a', Buffer.from('{}'));
  const made = { id: '1', address: 'a', key: 'k', label: undefined, headers: new Map(), body: '{}', origin: frame };
  const envelope = { hops: 0, madeAtMs: undefined, expiresAtMs: undefined, trace: undefined };
  assert.throws(() => encode(end, envelope, made), /not the one that the guard made/);
  assert.equal(encode(end, envelope, { ...made, sealed: true }).sealed, true);
});

test('what a guard released has an id of its own for each sink of the route', async () => {
  const to = ['a', 'b'].map((name) => ({ bus: 'low', address: `${name}/{key}` }));
  await using guard = await startGuard({}, { to: {}, route: { to } });
  await guard.publish(TRACK);
  const [one, other] = await waitFor(() => (guard.low.length === 2 ? guard.low : undefined), 5000, 'two frames');
  assert.deepEqual(new Set([one?.address, other?.address]), new Set(['a/alpha-7', 'b/alpha-7']));
  assert.deepEqual(new Set([one?.id, other?.id]).size, 2, 'a bus that removes duplicates keeps both');
});

test('a label that a message states in its body or under another name is not believed', async () => {
  await using guard = await startGuard({}, { hub: { ceiling: 'S;REL=GBR,USA' } });
  const low = `${PREFIX}U;REL=*`;
  await guard.publish(TRACK, {
    headers: new Map([
      ['seclabel', [SECRET]],
      ['ce_seclabel', [low]],
    ]),
  });
  await guard.publish(TRACK, { headers: new Map([['Seclabel', [low]]]) });
  await guard.publish(TRACK, { headers: new Map([['seclabel', [low, SECRET]]]) });
  await guard.publish({ ...TRACK, seclabel: low });
  const { blocked, delivered } = await guard.run.rest(4);
  assert.deepEqual({ blocked, delivered }, { blocked: 4, delivered: 0 });
});

test('an id that is no text stops neither the guard nor its audit file', async () => {
  await using guard = await startGuard({}, { from: { id: '{body.source}' } });
  await guard.publish({ ...TRACK, source: 'whole' });
  await guard.publish(JSON.stringify({ ...TRACK, source: 'half' }).replace('half', String.raw`\ud800`));
  await guard.publish({ ...TRACK, source: 'whole again' });
  const { blocked, delivered } = await guard.run.rest(3);
  // Half of a surrogate pair in the body is refused, and recorded.
  assert.deepEqual({ blocked, delivered }, { blocked: 1, delivered: 2 });
});

test('the id of a release is made with a secret: the same for the same message, and of no use to who reads it', async () => {
  await using guard = await startGuard();
  const more = { id: 'm-1', headers: new Map([['seclabel', [SECRET]]]) };
  await guard.publish(TRACK, more);
  await guard.publish({ ...TRACK, source: 'another' }, { ...more, id: 'm-2' });
  await guard.run.rest(2);
  const [one, other] = await waitFor(() => (guard.low.length === 2 ? guard.low : undefined), 5000, 'two frames');
  assert.notEqual(one?.id, other?.id, 'equal bytes of two messages are two messages');
  assert.equal(Buffer.from(readFileSync(`${guard.state}/guards/g.key`, 'utf8'), 'base64').length, 32);
});

interface Rules {
  readonly kind: string;
  readonly policy: { readonly label: string; readonly guard: string };
  readonly policyBefore?: string;
}

function recordsOf(path: string): readonly Rules[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Rules);
}

test('the start of a guard records its rules, and so does its stop', async () => {
  await using guard = await startGuard();
  await guard.run.stop();
  const [first, second] = recordsOf(guard.audit);
  assert.deepEqual([first?.kind, second?.kind], ['start', 'stop']);
  assert.match(first?.policy.guard ?? '', /^sha-256:[0-9a-f]{64}$/);
  assert.match(first?.policy.label ?? '', /^urn:demo:ops@1#[0-9a-f]{32}$/);
});

test('a start under other rules names those before, and one under the same names none', async () => {
  using folder = temporaryFolder('rules');
  const policy = {
    ...DEMO_FILE,
    categories: DEMO_FILE.categories.map((category) =>
      category.type === 'permissive' ? { ...category, groups: { FVEY: ['GBR', 'FRA'] } } : category,
    ),
  };
  const changes: readonly (readonly [guard: object, files: Record<string, object>])[] = [
    [{}, {}],
    [{}, {}],
    // Its version stays, what its labels mean does not.
    [{}, { 'schemas/ops.policy.json': policy }],
    [{ accept: { max: 'C;REL=GBR,USA' } }, {}],
    [{}, { 'schemas/track.low.json': { ...TRACK_LOW, title: 'another' } }],
  ];
  for (const [words, files] of changes) {
    await using guard = await startGuard(words, { files, run: { stateFolder: folder.path } });
    await guard.run.stop();
  }
  const starts = recordsOf(join(folder.path, 'audit/g.jsonl')).filter(({ kind }) => kind === 'start');
  assert.equal(starts.length, changes.length);
  assert.equal(starts[0]?.policyBefore, undefined);
  assert.equal(starts[1]?.policyBefore, undefined);
  for (const at of [2, 3, 4]) assert.equal(starts[at]?.policyBefore, starts[at - 1]?.policy.guard, `start ${at}`);
  assert.equal(new Set(starts.map(({ policy: { guard } }) => guard)).size, 4);
});
