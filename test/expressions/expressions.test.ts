import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { ExpressionUse } from '#contract/expression.ts';
import type { Message } from '#contract/message.ts';
import { SluiceError } from '#contract/errors.ts';
import { patient } from '../harness/patience.ts';
import { ExpressionFlaw, positionIn } from '../../runtime/expressions/flaw.ts';
import { checkExpression, compileExpression } from '../../runtime/expressions/language.ts';
import { patternOf } from '../../runtime/project/schemas/pattern/pattern.ts';

const USE: ExpressionUse = {
  grammar: { word: 'topic', separator: '/', decode: (level) => level.replaceAll('%2F', '/') },
  hasBigints: false,
  result: 'value',
};
const linear = (source: string) => patternOf(source, 'u');

function compile(text: string, use: Partial<ExpressionUse> = {}) {
  return compileExpression(text, { ...USE, ...use }, linear);
}

function messageWith(body: unknown): Message {
  const headers = new Map([
    ['schema', ['track.v1', 'track.v2']],
    ['unit', ['7']],
  ]);
  const address = 'fleet/a%2Fb/position';
  const origin = {
    address,
    key: undefined,
    headers,
    headerTypes: undefined,
    body: null,
    id: 'p1',
    contentType: 'application/json',
    timestampMs: 1_764_000_000_000,
    expiresAtMs: undefined,
  };
  return { id: 'm1', address, key: 'b42', label: undefined, headers, body, origin };
}

function evaluate(text: string, body: unknown = {}, use: Partial<ExpressionUse> = {}): unknown {
  return compile(text, use).evaluate(messageWith(body));
}

function failureOf(text: string, body: unknown, use: Partial<ExpressionUse> = {}): SluiceError {
  try {
    evaluate(text, body, use);
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError);
    return thrown;
  }
  assert.fail(`${text} has a value`);
}

function flawOf(text: string, use: Partial<ExpressionUse> = {}): ExpressionFlaw {
  try {
    compile(text, use);
  } catch (thrown) {
    assert.ok(thrown instanceof ExpressionFlaw);
    return thrown;
  }
  assert.fail(`${text} compiles`);
}

test('an expression reads the variables of a message, and each level of its address decoded', () => {
  const message = { kind: 'alert' };
  assert.equal(
    evaluate("body.kind + ' ' + header.schema + ' ' + string(key) + ' ' + id", message),
    'alert track.v1 b42 m1',
  );
  assert.deepEqual(evaluate('topic'), ['fleet', 'a/b', 'position']);
  assert.equal(evaluate('address[2] + topic[0]'), 'positionfleet');
  assert.equal(evaluate('header["content-type"]'), 'application/json');
  assert.equal(evaluate('now > timestamp'), true);
  assert.equal(evaluate('"unit" in header && !("other" in header)'), true);
});

test('an expression asks for a header by the names by which it reads it', () => {
  assert.equal(evaluate("'content-type' in header && 'Content-Type' in header && !('seclabel' in header)"), true);
  assert.deepEqual(evaluate('header.map(name, name)'), ['schema', 'unit', 'content-type']);
  assert.equal(evaluate("header[body.name] == 'application/json'", { name: 'content-type' }), true);
});

test('an expression compares and computes with the numbers of JSON and with the bigints of exact numbers', () => {
  assert.equal(evaluate('body.n == 1', { n: 1 }), true);
  assert.equal(evaluate('body.n == 1', { n: 1n }), true);
  assert.equal(evaluate('body.n + 1', { n: 1 }), 2);
  assert.equal(evaluate('body.n * 0.5', { n: 3n }), 1.5);
  assert.equal(evaluate('body.n % 2 == 1', { n: 3 }), true);
  assert.equal(evaluate('body.n == 9007199254740993', { n: 9007199254740993n }), true);
  assert.equal(evaluate('body.n + 1', { n: 9007199254740993n }, { hasBigints: true }), 9007199254740994n);
  assert.match(failureOf('body.n + 1', { n: 9007199254740993n }).message, /beyond 2\^53/);
  assert.match(failureOf('body.n + 1', { n: 9223372036854775807n }).message, /beyond 64 bits/);
});

test('an expression reaches nothing but the fields of the body', () => {
  const body = JSON.parse('{"o":{},"list":[1]}');
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
    assert.equal(failureOf(`body.${name}`, body).code, 'EXPRESSION_FAILED');
    assert.equal(failureOf(`body.o["${name}"]`, body).code, 'EXPRESSION_FAILED');
    assert.equal(failureOf(`body.list.${name}`, body).code, 'EXPRESSION_FAILED');
    assert.equal(failureOf(`header.${name}`, body).code, 'EXPRESSION_FAILED');
    assert.equal(evaluate(`has(body.${name})`, body), false);
    assert.equal(evaluate(`"${name}" in body`, body), false);
  }
  for (const name of ['process', 'globalThis', 'require', 'this', 'Object']) {
    assert.equal(flawOf(`${name} == null`).kind, 'variable');
  }
});

test('an expression makes no map with a name that changes every object', () => {
  for (const name of ['__proto__', 'constructor', 'prototype']) assert.equal(flawOf(`{'${name}': 1}`).kind, 'syntax');
  assert.equal(flawOf('{body.name: 1}').kind, 'syntax');
  assert.deepEqual(evaluate("{'lat': body.lat, 'tags': ['a', body.b]}", { lat: 1.5, b: null }), {
    lat: 1.5,
    tags: ['a', null],
  });
});

test('an expression that fails names its text and the place, and never the value', () => {
  const secret = { secret: 'hunter2', n: 'hunter2' };
  for (const [text, place] of [
    ['body.secret == "x" && body.missing', '1:28'],
    ['body.n + 1', '1:1'],
    ['int(body.n)', '1:1'],
    ['true &&\n  body.n.missing', '2:10'],
  ] as const) {
    const { code, message, verdict } = failureOf(text, {
      ...secret,
      ...(text.startsWith('body.secret') && { secret: 'x' }),
    });
    assert.equal(code, 'EXPRESSION_FAILED');
    assert.equal(verdict, 'reject');
    assert.ok(!message.includes('hunter2'), message);
    assert.ok(message.includes(text.replaceAll(/\s+/g, ' ')), message);
    assert.ok(message.endsWith(`at ${place} in it`), message);
  }
});

test('an expression yields the kind of value that its place takes', () => {
  assert.equal(flawOf('body.n + 1.0', { result: 'bool' }).kind, 'type');
  assert.equal(flawOf('"a"', { result: 'list' }).kind, 'type');
  assert.match(failureOf('body.n', { n: 1 }, { result: 'bool' }).message, /a number instead of true or false/);
  assert.match(failureOf('body.n', { n: {} }, { result: 'list' }).message, /a map instead of a list/);
  assert.match(failureOf('body.n', { n: null }, { result: 'text' }).message, /null instead of a text/);
  assert.deepEqual(evaluate('body.items', { items: [1] }, { result: 'list' }), [1]);
});

test('a list that an expression makes holds what a body holds, each value once', () => {
  const body = { head: { n: 1 }, items: ['a', 'b'] };
  const use = { result: 'list' } as const;
  assert.deepEqual(evaluate("[duration('90s'), 5u, timestamp('2026-11-28T00:00:00Z')]", body, use), [
    '90s',
    5,
    '2026-11-28T00:00:00.000Z',
  ]);
  const made = evaluate("body.items.map(x, {'head': body.head, 'of': size(body.items)})", body, use);
  assert.deepEqual(made, [
    { head: { n: 1 }, of: 2 },
    { head: { n: 1 }, of: 2 },
  ]);
  const [first, second] = Array.isArray(made) ? made : [];
  assert.notEqual(first?.head, second?.head, 'a function may change the one and not the other');
});

test('an expression makes no result that is out of proportion to the body', () => {
  const list = Array.from({ length: 10_000 }, () => 1);
  for (const result of ['value', 'list'] as const) {
    const failure = failureOf('body.list.map(x, body.list)', { list }, { result });
    assert.match(failure.message, /more than 1000000 values/);
  }
});

test('an expression that has a value for no message is a mistake', () => {
  assert.equal(flawOf('optional.of(body.x)').kind, 'variable');
  assert.equal(flawOf('type(body.x)').kind, 'type');
  assert.equal(evaluate("type(body.x) == string ? 'text' : 'other'", { x: 1 }), 'other');
  assert.ok(!flawOf('"a".sort()').message.includes('found found'));
});

test('an expression matches patterns in linear time, and refuses those that have none', () => {
  const start = performance.now();
  assert.equal(evaluate('body.s.matches("^(a+)+$")', { s: `${'a'.repeat(100_000)}b` }), false);
  assert.ok(performance.now() - start < patient(2_000));
  assert.equal(evaluate('body.s.matches("^[a-z]+$")', { s: 'abc' }), true);
  assert.equal(flawOf(String.raw`body.s.matches("(a)\\1")`).kind, 'pattern');
  assert.equal(flawOf('body.s.matches("(")').kind, 'pattern');
  assert.equal(flawOf('body.s.matches(body.pattern)').kind, 'pattern');
});

test('an expression ends however long the lists of a body are', () => {
  const list = Array.from({ length: 100_000 }, (_, at) => at);
  for (const text of [
    'body.list.exists(x, body.list.exists(y, x + y == -1.0))',
    'body.list.all(x, !body.list.exists(y, x + y == -1.0))',
    'body.list.map(x, body.list.map(y, x + y)).size()',
    'body.list.filter(x, body.list.exists_one(y, y == x)).size()',
    'cel.bind(l, body.list, l.exists(x, l.exists(y, x + y == -1.0))) || true',
    'false ? 1 : body.list.map(x, {"a": [body.list.exists(y, x + y == -1.0)]}).size()',
  ]) {
    assert.match(failureOf(text, { list }).message, /loops of more than (1000000 rounds|5 s)/);
  }
  assert.equal(evaluate('body.list.exists(x, x == 99999)', { list }), true);
});

test('an expression reports a mistake at its place in the text', () => {
  const unknown = flawOf('body.speed > 3.0 &&\n  heder.x == "a"');
  assert.equal(unknown.kind, 'variable');
  assert.equal(unknown.write, 'header');
  assert.deepEqual(positionIn('body.speed > 3.0 &&\n  heder.x == "a"', unknown.start), { line: 2, column: 3 });
  const open = flawOf('body.a == (1');
  assert.equal(open.kind, 'syntax');
  assert.equal(open.start, 12);
  assert.equal(flawOf('x'.repeat(10_001)).kind, 'syntax');
  assert.equal(flawOf(`${'('.repeat(5_000)}1${')'.repeat(4_999)}`).kind, 'syntax');
});

test('an expression reads a label only where the file has labels', () => {
  assert.match(flawOf("label.class == 'SECRET'").expected, /labels:/);
  const label = () => ({ class: 'SECRET', has: (tag: string, value: string) => tag === 'REL' && value === 'GBR' });
  assert.equal(
    evaluate("label.class == 'SECRET' && label.has('REL', 'GBR') && !label.has('REL', 'USA')", {}, { label }),
    true,
  );
  assert.equal(flawOf('label.clas', { label }).kind, 'type');
});

test('an expression runs where no code may be made of texts', () => {
  const url = (path: string): string => JSON.stringify(new URL(`../../runtime/${path}`, import.meta.url).href);
  const program = `
    const { compileExpression } = await import(${url('expressions/language.ts')});
    const { patternOf } = await import(${url('project/schemas/pattern/pattern.ts')});
    const use = { grammar: { word: 'topic', separator: '/', decode: (l) => l }, hasBigints: false, result: 'value' };
    const made = compileExpression("body.list.filter(x, x > 1).map(x, {'x': x})", use, (s) => patternOf(s, 'u'));
    console.log(JSON.stringify(made.evaluate({ body: { list: [1, 2] } })));
  `;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program];
  assert.equal(execFileSync(process.execPath, flags, { encoding: 'utf8' }).trim(), '[{"x":2}]');
});

test('an expression is checked against the fields of a schema, as far as they are known', () => {
  const maps = [
    { name: 'Map1', fields: { latitude: 'double' }, isOpen: false },
    {
      name: 'Map2',
      fields: { position: 'Map1', speed: 'double', count: 'int', name: 'string', 'a-b': 'double', items: 'list<Map1>' },
      isOpen: false,
    },
  ];
  const names = new Set(['latitude', 'position', 'speed', 'count', 'name', 'a-b', 'items']);
  const body = { schema: 'track.v1', type: 'Map2', maps, names };
  const check = (text: string) => checkExpression(text, USE, linear, body);
  for (const text of [
    'body.speed + 1 > 3',
    'body.speed == 1',
    "'speed' in body",
    'body.items.exists(x, x.latitude > 1)',
    'body.size() > 2',
    'has(body.speed) && body.position == body.items[0]',
    "body['a-b'] > 1",
    "body.position == {'latitude': 1.0} && {} != body",
    "body.position.exists(name, name == 'latitude')",
    '(body.count > 3 ? body.count : body.speed) > 1',
  ]) {
    assert.doesNotThrow(() => check(text), text);
  }
  for (const [text, kind, start, write] of [
    ['body.sped > 3', 'field', 5, 'speed'],
    ['body.position.lattitude > 3', 'field', 14, 'latitude'],
    ['body.items.exists(x, x.lat > 1)', 'field', 23, undefined],
    ['body.name > 3', 'type', 0, undefined],
    ['body.position + 1', 'type', 0, undefined],
  ] as const) {
    assert.throws(
      () => check(text),
      (thrown) => {
        assert.ok(thrown instanceof ExpressionFlaw);
        assert.deepEqual([thrown.kind, thrown.start], [kind, start], text);
        if (write !== undefined) assert.equal(thrown.write, write);
        assert.ok(!/Map\d/.test(thrown.message), thrown.message);
        return true;
      },
    );
  }
});
