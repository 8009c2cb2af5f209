import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../harness/wait-for.ts';
import { parseMetrics } from '../telemetry/prometheus.ts';
import { readLetters } from './memory-run.ts';
import { fixture, numbersOf } from './spool-fixture.ts';

const DEADLINE_MS = 10_000;

test('what a route holds in its spool is settled at the source, counted as held, and begins the next start as held', async () => {
  await using here = fixture();
  const first = await here.start();
  for (let n = 1; n <= 1000; n += 1) await here.publish(`unit-${n % 7}`, String(n));
  await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'the source to hear accept of all');
  const before = numbersOf(first);
  assert.deepEqual([before.accepted, before.held, before.spooled], [1000, 1000, 1000]);
  const metrics = await parseMetrics(`${first.adminUrl}/metrics`);
  const place = { sluice_pipeline_name: 'p', sluice_route_name: 'r' };
  assert.equal(metrics.value('sluice_spool_messages', place), 1000);
  assert.equal(metrics.value('sluice_spool_full', place), 0);
  assert.ok(metrics.value('sluice_spool_bytes', place) > 10_000);
  assert.ok(metrics.value('sluice_spool_oldest_age', place) > 0);
  assert.match(await (await fetch(`${first.adminUrl}/readyz`)).text(), /^\[\+\]r spool ok$/m);
  await first.stop();
  assert.deepEqual(
    readdirSync(here.state).filter((file) => file.startsWith('spool')),
    ['spool-r.sqlite', 'spool-r.sqlite-reserve'],
  );
  const second = await here.start();
  const found = numbersOf(second);
  assert.deepEqual([found.accepted, found.held, found.spooled], [1000, 1000, 1000]);
  assert.deepEqual(
    here.said.filter(({ event }) => event === 'spool-found').map(({ fields }) => fields['messages']),
    [1000],
  );
  here.gate.isOpen = true;
  await here.publish('unit-0', 'last');
  await waitFor(() => numbersOf(second).spooled === 0, DEADLINE_MS, 'the spool to be empty');
  const after = numbersOf(second);
  assert.deepEqual([after.accepted, after.delivered, after.held], [1001, 1001, 0]);
  assert.deepEqual(here.texts(), [...Array.from({ length: 1000 }, (_, index) => String(index + 1)), 'last']);
  await second.stop();
});

test('telemetry coalesces in its spool: after an outage the newest of each key goes out, and the balance knows of the others', async () => {
  await using here = fixture({ route: { class: 'telemetry' }, from: { key: '{body.unit}', window: { messages: 4 } } });
  const first = await here.start();
  for (let n = 1; n <= 50; n += 1) {
    for (let unit = 0; unit < 20; unit += 1) await here.publish('position', JSON.stringify({ unit, n }));
  }
  await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'the source to hear accept of all');
  const before = numbersOf(first);
  assert.equal(before.accepted, 1000);
  assert.ok(before.superseded >= 900 && (before.spooled ?? 0) <= 24, JSON.stringify(before));
  await first.stop();
  const second = await here.start();
  here.gate.isOpen = true;
  await waitFor(() => numbersOf(second).spooled === 0, DEADLINE_MS, 'the spool to be empty');
  const newest = new Map(here.texts().map((text) => [JSON.parse(text).unit, JSON.parse(text).n]));
  assert.deepEqual(
    [...newest.values()],
    Array.from({ length: 20 }, () => 50),
  );
  numbersOf(second);
  await second.stop();
});

test('expiry counts from when a message arrived, not from when it left the spool; its dead letter says when', async () => {
  await using here = fixture({ from: { expires: '2s' } });
  const first = await here.start();
  const startedMs = Date.now();
  await here.publish('a', 'old');
  await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'it to be spooled');
  const arrivedMs = Date.now();
  await first.stop();
  await sleep(2100);
  here.gate.isOpen = true;
  const second = await here.start();
  await here.publish('a', 'new');
  await waitFor(() => numbersOf(second).spooled === 0 && here.texts().length > 0, DEADLINE_MS, 'the spool to be empty');
  assert.deepEqual(here.texts(), ['new']);
  assert.equal(numbersOf(second).expired, 1);
  await second.stop();
  const [letter] = readLetters(here.state);
  const received = Number(letter?.['received_at_ms']);
  assert.ok(received >= startedMs && received <= arrivedMs, `${received} is not between ${startedMs} and ${arrivedMs}`);
});

test('a full spool makes the route unready, is said once, and loses nothing', async () => {
  await using here = fixture({ route: { spool: { max: '1MiB' } } });
  const pipeline = await here.start();
  const pad = 'x'.repeat(10_000);
  for (let n = 1; n <= 300; n += 1) await here.publish('a', `${n} ${pad}`);
  const readiness = async (): Promise<string> => (await fetch(`${pipeline.adminUrl}/readyz`)).text();
  await waitFor(async () => /^\[-\]r spool full$/m.test(await readiness()), DEADLINE_MS, 'readiness to say so');
  assert.equal((await parseMetrics(`${pipeline.adminUrl}/metrics`)).value('sluice_spool_full'), 1);
  numbersOf(pipeline);
  await sleep(100);
  assert.equal(here.said.filter(({ event }) => event === 'spool-full').length, 1);
  here.gate.isOpen = true;
  await waitFor(() => here.texts().length === 300, DEADLINE_MS, 'everything to arrive');
  assert.deepEqual(
    here.texts().map((text) => Number.parseInt(text, 10)),
    Array.from({ length: 300 }, (_, index) => index + 1),
  );
  await waitFor(async () => /^\[\+\]r spool ok$/m.test(await readiness()), DEADLINE_MS, 'readiness to come back');
  await pipeline.stop();
});

test('a damaged spool is set aside with a line that names it and says what was saved, and the route starts', async () => {
  await using here = fixture();
  const first = await here.start();
  for (let n = 1; n <= 500; n += 1) await here.publish('a', `message ${n} ${'x'.repeat(200)}`);
  await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'the source to hear accept of all');
  await first.stop();
  const file = `${here.state}/spool-r.sqlite`;
  const bytes = readFileSync(file);
  bytes[bytes.indexOf('message 250 x') + 30] = 0;
  writeFileSync(file, bytes);
  here.gate.isOpen = true;
  const second = await here.start();
  const [line] = here.said.filter(({ event }) => event === 'spool-damaged');
  assert.deepEqual([line?.level, line?.fields['recovered']], ['error', 499]);
  assert.deepEqual(readFileSync(String(line?.fields['movedTo'])), bytes, 'it is kept');
  await waitFor(() => numbersOf(second).spooled === 0, DEADLINE_MS, 'the spool to be empty');
  assert.equal(here.texts().length, 499);
  await second.stop();
});

test('with at the file lies in another folder, under a name that no other pipeline has', async () => {
  await using here = fixture();
  const at = here.project.path('elsewhere/deep');
  await using there = fixture({ route: { spool: { max: '1GiB', at } } });
  const pipeline = await there.start();
  await pipeline.stop();
  assert.deepEqual(
    readdirSync(at).filter((file) => !file.endsWith('-reserve')),
    ['spool-p.r.sqlite'],
  );
});
