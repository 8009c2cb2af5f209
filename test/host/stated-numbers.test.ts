import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemoryRun, startMemoryRun } from './memory-run.ts';

const MS = 1_795_708_521_378;
const PASS = { files: { 'functions/pass.ts': 'export default (body) => body;' }, stages: [{ function: 'pass' }] };

async function timesOf(run: MemoryRun, values: readonly string[]): Promise<readonly (number | undefined)[]> {
  for (const value of values) await run.publish('a', `{"ts":${value}}`);
  return (await run.take(values.length)).map(({ timestampMs }) => timestampMs);
}

function codesOf(run: MemoryRun): readonly unknown[] {
  return run.letters().map(({ code }) => code);
}

test('a timestamp in a stated unit is the same millisecond as a number, a bigint or a text, under every rule of numbers', async () => {
  const written = {
    s: [`${MS / 1000}`, `"${MS / 1000}"`, `"${MS / 1000}999"`],
    ms: [`${MS}`, `${MS}.9`, `${MS / 1e12}e12`, `"${MS}"`],
    us: [`${MS}999`, `"${MS}999"`],
    ns: [`${MS}000000`, `"${MS}999999"`],
  };
  for (const numbers of ['reject', 'exact', 'round']) {
    for (const [unit, values] of Object.entries(written)) {
      const from = { timestamp: { of: '{body.ts}', unit } };
      await using run = await startMemoryRun({ ...PASS, from, route: { json: { numbers } } });
      assert.deepEqual(
        await timesOf(run, values),
        values.map(() => MS),
        `${unit} ${numbers}`,
      );
    }
  }
});

test('every digit of a bigint counts: nanoseconds that no double holds are cut, not rounded', async () => {
  const from = { timestamp: { of: '{body.ts}', unit: 'ns' } };
  await using run = await startMemoryRun({ ...PASS, from, route: { json: { numbers: 'exact' } } });
  assert.deepEqual(await timesOf(run, [`${MS}999999`, `${MS}000001`]), [MS, MS]);
  assert.notEqual(Math.floor(Number(`${MS}999999`) / 1e6), MS, 'a double is the next millisecond');
});

test('telemetry in seconds is a dead letter that says so where the file states no unit, and never expires in silence', async () => {
  const route = { class: 'telemetry' };
  const from = { key: '{address.1}', timestamp: '{body.ts}', expires: '30s' };
  await using run = await startMemoryRun({ from, route });
  const seconds = Math.floor(Date.now() / 1000);
  for (let n = 0; n < 20; n += 1) await run.publish(`v${n}`, `{"ts":${seconds}}`);
  const { deadLettered, expired } = await run.rest(20);
  assert.deepEqual([deadLettered, expired], [20, 0]);
  assert.deepEqual([...new Set(codesOf(run))], ['TIMESTAMP_INVALID']);
  assert.match(String(run.letters()[0]?.['text']), /looks like seconds: write timestamp: { of: \.\.\., unit: s }$/);
  await using stated = await startMemoryRun({
    from: { ...from, timestamp: { of: '{body.ts}', unit: 's' } },
    route,
  });
  for (let n = 0; n < 20; n += 1) await stated.publish(`v${n}`, `{"ts":${seconds}}`);
  const frames = await stated.take(20);
  assert.deepEqual([...new Set(frames.map(({ timestampMs }) => timestampMs))], [seconds * 1000]);
});

test('a sequence that is missing, empty or no number is a dead letter of one code, and takes no place of another', async () => {
  const odd = [
    '{}',
    '{"n":null}',
    '{"n":""}',
    '{"n":[1]}',
    '{"n":{}}',
    '{"n":true}',
    '{"n":"0x1"}',
    '{"n":" 1"}',
    '{"n":"1e3"}',
  ];
  for (const spool of [undefined, { max: '1MiB' }]) {
    await using run = await startMemoryRun({
      from: { key: '{address.1}', sequence: '{body.n}', expires: '1m' },
      route: { class: 'telemetry', ...(spool && { spool }) },
    });
    await run.publish('a', '{"n":1e3}');
    for (const body of odd) await run.publish('a', body);
    const [frame] = await run.take(1);
    assert.equal(Buffer.from(frame?.body ?? []).toString(), '{"n":1e3}');
    const { deadLettered, superseded } = await run.rest(odd.length + 1);
    assert.deepEqual([deadLettered, superseded], [odd.length, 0]);
    assert.deepEqual(
      codesOf(run),
      odd.map(() => 'SEQUENCE_INVALID'),
    );
  }
});

test('a sequence of a body is any number that JSON writes, bigints among them', async () => {
  for (const numbers of ['exact', 'round']) {
    await using run = await startMemoryRun({
      ...PASS,
      from: { key: '{address.1}', sequence: '{body.n}', expires: '1m' },
      route: { class: 'command', json: { numbers } },
    });
    const values = ['-1e300', '-5', '-0', '1e-7', '0.5', '7', '1724442618569203714', '1e21', '1e300'];
    for (const value of values) await run.publish('a', `{"n":${value}}`);
    assert.equal((await run.take(values.length)).length, values.length);
    await run.publish('a', '{"n":5}');
    await run.rest(values.length + 1);
    assert.deepEqual(codesOf(run), ['STALE']);
  }
});
