import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { brokenBound, durationMs, sizeBytes } from '#kit/quantity.ts';
import { after, LONGEST_TIMER_MS } from '#kit/timer.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { boundsOf, isBackoff, isDuration, isSize } from '../../runtime/project/check/describe.ts';
import { pipelineSchema } from '../../runtime/project/fields/pipeline-schema.ts';
import { asMap, isMap } from '#kit/json-value.ts';
import type { JsonSchema } from '../../runtime/project/json-schema.ts';
import { checkedFile } from './checked-file.ts';

/** Durations that no timer is set for: they are compared, or handed to a server. */
const NO_TIMERS = new Set(['session', 'expires', 'after', 'window', 'age']);

/** Every quantity in a schema, by the name of its option. */
function* quantities(schema: unknown, name = ''): Generator<readonly [name: string, schema: JsonSchema]> {
  if (Array.isArray(schema)) for (const item of schema) yield* quantities(item, name);
  if (!isMap(schema)) return;
  if (isDuration(schema) || isBackoff(schema) || isSize(schema)) yield [name, schema];
  for (const [key, value] of Object.entries(schema)) {
    const isNamed = key === 'properties' && isMap(value);
    if (!isNamed) yield* quantities(value, name);
    else for (const [option, own] of Object.entries(asMap(value))) yield* quantities(own, option);
  }
}

test('every duration and size of a pipeline file has a largest value, its default keeps the bounds, and a timer can be set for it', () => {
  const all = [...quantities(pipelineSchema(catalog))];
  assert.ok(all.length > 30, `only ${all.length} were found`);
  for (const [name, schema] of all) {
    const { formatMinimum, formatMaximum } = boundsOf(schema);
    assert.ok(formatMaximum !== undefined, `${name} has no largest value`);
    for (const bound of [formatMinimum, formatMaximum]) {
      if (bound === undefined) continue;
      const amount = isSize(schema) ? sizeBytes(bound) : durationMs(bound);
      assert.ok(Number.isSafeInteger(amount), `${name}: ${bound}`);
      if (!isSize(schema) && !NO_TIMERS.has(name)) assert.ok(amount <= LONGEST_TIMER_MS, `${name}: ${bound}`);
    }
    const byDefault = schema['default'];
    if (typeof byDefault === 'string') assert.equal(brokenBound(byDefault, boundsOf(schema)), undefined, name);
  }
});

const FILE = `name: p
buses:
  field: { bus: mqtt, url: 'mqtt://h', keepAlive: 60d, connectTimeout: 0s }
  core: { bus: nats, url: 'nats://h', keepAlive: 'env:PROBE' }
routes:
  - name: r
    from: { bus: field, topics: [t], expires: 99999999999d, window: { bytes: 9999999999999999GiB } }
    to: { bus: core, subject: t, timeout: 60d }
    retry: { backoff: 1s..60d }
    watchdog: 1ms
`;

test('a duration or size out of its bounds is refused at its place, with the bound to write', () => {
  const { findings } = checkedFile(FILE, { mode: 'run', environment: { PROBE: '60d' } });
  const errors = findings.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    errors.map(({ line, column, code, write }) => `${line}:${column} ${code} ${write}`),
    [
      '3:51 WRONG_VALUE keepAlive: 18h',
      '3:72 WRONG_VALUE connectTimeout: 10ms',
      '4:50 WRONG_VALUE keepAlive as in 15s where the reference leads',
      '7:47 WRONG_VALUE expires: 3650d',
      '7:78 WRONG_VALUE bytes: 64GiB',
      '8:43 WRONG_VALUE timeout: 1h',
      '9:23 WRONG_VALUE backoff: 100ms..10s',
      '10:15 WRONG_VALUE watchdog: 100ms',
    ],
  );
  assert.match(errors[0]?.expected ?? '', /of at most 18h$/);
  assert.match(errors[1]?.expected ?? '', /from 10ms to 1h$/);
  assert.doesNotMatch(JSON.stringify(errors[2]), /60d/);
});

test('a timer for longer than Node can set runs when it is due, and not at once', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let runs = 0;
    after(2 * LONGEST_TIMER_MS + 5, () => (runs += 1));
    const cancel = after(LONGEST_TIMER_MS + 5, () => (runs += 100));
    mock.timers.tick(LONGEST_TIMER_MS);
    cancel();
    mock.timers.tick(LONGEST_TIMER_MS);
    mock.timers.tick(4);
    assert.equal(runs, 0);
    mock.timers.tick(1);
    assert.equal(runs, 1);
  } finally {
    mock.timers.reset();
  }
});
