import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Stage } from '../../runtime/contract/stage.ts';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import type { SchemaFile } from '../../runtime/project/schemas/schema-names.ts';
import { validateStage } from '../../runtime/stages/validate.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import type { Message } from '../../runtime/contract/message.ts';
import { formats } from '../../runtime/project/schemas/formats.ts';
import { patient } from '../harness/patience.ts';
import { startMemoryRun } from '../host/memory-run.ts';

const LATEST = 'https://json-schema.org/draft/2020-12/schema';
const SEVENTH = 'http://json-schema.org/draft-07/schema#';

function stageOf(schema: object, others: readonly SchemaFile[] = []): Stage {
  return validateStage('track.v1', schemaCompiler([{ name: 'track.v1', schema }, ...others]).compile('track.v1'));
}

/** What the stage says of a body, or undefined where it lets it through. */
function verdict(schema: object, body: unknown, ...others: readonly SchemaFile[]): SluiceError | undefined {
  return judge(stageOf(schema, others), body);
}

function judge(stage: Stage, body: unknown): SluiceError | undefined {
  const message = { body } as Message;
  try {
    assert.equal(stage.run(message, 1), message, 'the message itself goes on');
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError);
    return thrown;
  }
}

test('a body that fits goes on as it is', () => {
  assert.equal(verdict({ type: 'object', required: ['n'] }, { n: 1, more: true }), undefined);
});

test('a body that does not fit is rejected with pointer, rule and schema', () => {
  const schema = {
    type: 'object',
    required: ['id'],
    properties: { position: { type: 'object', properties: { lat: { type: 'number', maximum: 90 } } } },
  };
  const failure = verdict(schema, { id: 1, position: { lat: 123.4 } });
  assert.equal(failure?.code, 'SCHEMA_INVALID');
  assert.equal(failure?.verdict, 'reject');
  assert.equal(failure?.message, 'expected a body of schema track.v1, found /position/lat against maximum 90');
  assert.match(verdict(schema, { position: { lat: 123.4 } })?.message ?? '', /found \/ against required "id"$/);
});

test('2020-12 is the default, draft-07 where the schema says so: prefixItems and items of old', () => {
  const latest = { prefixItems: [{ type: 'string' }], items: false, type: 'array' };
  assert.equal(verdict(latest, ['a']), undefined);
  assert.notEqual(verdict(latest, ['a', 'b']), undefined);
  assert.equal(verdict({ $schema: LATEST, ...latest }, ['a']), undefined);
  const seventh = { $schema: SEVENTH, type: 'array', items: [{ type: 'string' }], additionalItems: false };
  assert.equal(verdict(seventh, ['a']), undefined);
  assert.notEqual(verdict(seventh, ['a', 'b']), undefined);
});

test('a schema refers to another file by its $id', () => {
  const position = { $id: 'https://example.org/position', type: 'object', required: ['lat'] };
  const schema = { properties: { position: { $ref: 'https://example.org/position' } }, type: 'object' };
  assert.equal(verdict(schema, { position: { lat: 1 } }, { name: 'position.v1', schema: position }), undefined);
  assert.match(
    verdict(schema, { position: {} }, { name: 'position.v1', schema: position })?.message ?? '',
    /\/position against required "lat"/,
  );
});

test('formats are checked', () => {
  const schema = { type: 'object', properties: { time: { type: 'string', format: 'date-time' } } };
  assert.equal(verdict(schema, { time: '2026-01-01T00:00:00Z' }), undefined);
  assert.match(verdict({ enum: ['red', 'green', 3] }, 'blue')?.message ?? '', /against enum \["red","green",3\]$/);
  assert.match(verdict({ const: 'red' }, 'blue')?.message ?? '', /against const "red"$/);
  assert.match(verdict(schema, { time: 'noon' })?.message ?? '', /\/time against format "date-time"/);
});

test('what is in a body never stands in the error, only the names of its properties do', () => {
  const schema = {
    type: 'object',
    required: ['missing'],
    additionalProperties: { type: 'object', maxProperties: 0, not: {} },
    properties: {
      a: { type: 'integer', minimum: 5, multipleOf: 2 },
      b: { type: 'string', minLength: 300, pattern: '^no$', format: 'uuid' },
      c: { enum: ['x'], const: 'y' },
      d: { type: 'array', minItems: 9, uniqueItems: true, items: { type: 'boolean' } },
    },
  };
  const stage = stageOf(schema);
  const value = fc.oneof(
    fc.string({ minLength: 6 }).map((text) => `S3CRET${text}`),
    fc.integer({ min: 1_000_000_001, max: 2_000_000_000 }).map((n) => n * 2 + 1),
  );
  const leaf = fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 4 }));
  fc.assert(
    fc.property(fc.record({ a: leaf, b: leaf, c: leaf, d: leaf, e: leaf }, { requiredKeys: ['e'] }), (body) => {
      const failure = judge(stage, body);
      assert.ok(failure !== undefined);
      for (const text of Object.values(body).flat().map(String)) {
        assert.ok(!failure.message.includes(text), `${failure.message} holds ${text}`);
      }
      assert.doesNotMatch(failure.message, /S3CRET/);
    }),
    { numRuns: 200 },
  );
});

test('an error stays short, however long the names and the words of the schema are', () => {
  const long = `^${'a'.repeat(5000)}$`;
  const other = { type: 'string', pattern: long };
  const anyOf = Array.from({ length: 50 }, (_, n) => ({ ...other, minLength: n + 1 }));
  const schema = { type: 'object', additionalProperties: { anyOf } };
  const body = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}`.repeat(1000), 'b']));
  const failure = verdict(schema, body);
  assert.ok((failure?.message ?? '').length < 1200, failure?.message);
  assert.match(failure?.message ?? '', /and \d+ more$/);
  assert.ok(JSON.stringify(failure?.place).length < 1200);
});

test('judging ends at the first thing that is wrong: a body of nothing but wrong items costs no more than one', () => {
  const stage = stageOf({ type: 'array', items: { type: 'object', required: ['id'] } });
  const body = Array.from({ length: 2_000_000 }, () => ({}));
  const before = process.memoryUsage().heapUsed;
  const failure = judge(stage, body);
  assert.match(failure?.message ?? '', /found \/0 against required "id"$/);
  assert.ok(process.memoryUsage().heapUsed - before < 50_000_000, 'the report holds one item of the body');
});

test('a body that is nested deeper than the stack of the process is refused as such', () => {
  const stage = stageOf({
    $id: 'https://example.org/list',
    type: 'array',
    items: { $ref: 'https://example.org/list' },
  });
  const deep: unknown = JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000));
  const failure = judge(stage, deep);
  assert.deepEqual([failure?.code, failure?.verdict], ['BODY_TOO_DEEP', 'reject']);
});

test('items are unique by value, and so many as a body can hold are judged in seconds', () => {
  const stage = stageOf({ type: 'array', uniqueItems: true });
  const items = fc.jsonValue({ maxDepth: 2, depthSize: 'small' });
  fc.assert(
    fc.property(fc.array(items, { maxLength: 6 }), (body) => {
      const isUnique = body.every((item, at) =>
        body.slice(at + 1).every((other) => !isDeepStrictEqual(plain(item), plain(other))),
      );
      assert.equal(judge(stage, body) === undefined, isUnique, JSON.stringify(body));
    }),
  );
  assert.equal(
    judge(stage, [
      { a: 1, b: [-0] },
      { b: [0], a: 1 },
    ])?.code,
    'SCHEMA_INVALID',
  );
  assert.equal(judge(stage, ['1', 1, true, 'true', null, 'null', [1], ['1'], {}, []]), undefined);
  assert.equal(judge(stage, [new Date(1), new Date(2), 7n]), undefined);
  assert.equal(judge(stage, [new Date(1), new Date(1)])?.code, 'SCHEMA_INVALID');
  const many = Array.from({ length: 100_000 }, (_, n) => ({ n }));
  const startMs = performance.now();
  assert.equal(judge(stage, many), undefined);
  assert.ok(performance.now() - startMs < patient(2000));
});

/** As JSON has it: -0 is 0. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

for (const [name, format] of Object.entries(formats)) {
  const validate = typeof format === 'object' && 'validate' in format ? format.validate : format;
  const judges = (text: string): unknown =>
    validate instanceof RegExp
      ? validate.test(text)
      : typeof validate === 'function' && (validate as (text: string) => unknown)(text);
  if (typeof validate === 'boolean' || (typeof format === 'object' && 'type' in format && format.type === 'number'))
    continue;
  test(`the format ${name} judges every text in time that grows with the text`, () => {
    const parts = [
      'a',
      '0',
      '-',
      ':',
      '/',
      '.',
      '%41',
      'a-',
      'a.',
      '1:',
      '{a}',
      '@',
      'a@',
      '~0',
      '/a',
      'P1D',
      '=',
      'aaaa',
      '(',
      '[',
      ' ',
      '1.',
    ];
    const starts = ['', 'a', 'http://', 'a@', '/', '[', '2026-01-01T', 'http://['];
    for (const start of starts) {
      for (const part of parts) {
        for (const end of ['', '!']) {
          const startMs = performance.now();
          judges(start + part.repeat(50_000 / part.length) + end);
          const ms = performance.now() - startMs;
          assert.ok(ms < patient(500), `${start}, then many ${part}, then ${end}: ${ms} ms`);
        }
      }
    }
  });
}

test('schemas that cannot be judged by are refused: unknown formats and keywords, promises, foreign dialects', () => {
  const compile = (schema: object): unknown => schemaCompiler([{ name: 's', schema }]).compile('s');
  assert.throws(
    () => compile({ type: 'string', format: 'grid-reference' }),
    /a format that is known .*, found "grid-reference"/,
  );
  assert.throws(() => compile({ type: 'object', propertes: {} }), /a keyword of JSON Schema, found "propertes"/);
  assert.throws(() => compile({ $async: true, type: 'object' }), /\$async/);
  assert.throws(
    () => compile({ $schema: 'http://json-schema.org/draft-04/schema#' }),
    /expected 2020-12 or draft-07, found .*draft-04/,
  );
  assert.throws(() => compile({ $id: 'x', type: 'nothing' }), /type/);
  assert.throws(() => compile({ $ref: 'https://example.org/nowhere' }), /nowhere/);
});

test('two files of one $id are refused both, and others go on', () => {
  const twin = { $id: 'https://example.org/twin' };
  const compiler = schemaCompiler([
    { name: 'a', schema: twin },
    { name: 'b', schema: { ...twin } },
    { name: 'c', schema: { type: 'string' } },
  ]);
  assert.throws(() => compiler.compile('a'), /also that of b/);
  assert.throws(() => compiler.compile('b'), /also that of a/);
  assert.equal(compiler.compile('c')('text'), true);
});

test('a file with two equal names is refused at the second one, and others go on', () => {
  const inner = (name: string) => ({ $defs: { a: { [name]: 'x', type: 'string' }, b: { [name]: 'x' } } });
  const compiler = schemaCompiler([
    { name: 'a', schema: { ...inner('$anchor'), $ref: '#x' } },
    { name: 'b', schema: { $id: 'https://example.org/b', ...inner('$id') } },
    { name: 'c', schema: { type: 'string' } },
  ]);
  assert.throws(() => compiler.compile('a'), /\/\$defs\/b\/\$anchor: .*"x" again/);
  assert.throws(() => compiler.compile('b'), /\/\$defs\/b\/\$id/);
  assert.equal(compiler.compile('c')('text'), true);
});

test('a route that only validates forwards the very bytes of the source', async () => {
  await using run = await startMemoryRun({
    files: { 'schemas/s.json': { type: 'object', required: ['n'] } },
    stages: [{ validate: 's' }],
  });
  const odd = '{"n":12345678901234567890,"a":1.0, "b":1e400,\n"é":"\\u00e9"}  ';
  await run.publish('a', odd);
  await run.publish('b', '{}');
  const [frame] = await run.take(1);
  assert.equal(Buffer.from(frame?.body ?? []).toString(), odd);
  assert.equal((await run.rest(2)).deadLettered, 1);
  assert.equal(run.letters()[0]?.['stage'], 'validate s');
});
