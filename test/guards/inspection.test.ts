import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldStep } from '../../runtime/guards/field-steps.ts';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import { COARSE, TRACK, TRACK_LOW } from './guard-fixture.ts';
import { inspection } from './inspect-for-test.ts';

const TEXT = JSON.stringify(TRACK);

function reasonOf(input: string | Uint8Array | null, guard = inspection()): string | undefined {
  return guard.inspect(typeof input === 'string' ? Buffer.from(input) : input).reason;
}

/** The track with a member before its first one. */
function withFirst(member: string): string {
  return TEXT.replace('{', `{${member},`);
}

test('what leaves is written anew: the same bytes for every spelling of the input', () => {
  const spelled = TEXT.replace('"alpha-7"', '"\\u0061lpha-7"')
    .replace('53.54321', '5354321e-5')
    .replaceAll(',', ' ,\n');
  for (const input of [TEXT, spelled]) {
    assert.equal(inspection().inspect(Buffer.from(input)).output?.bytes.toString(), COARSE);
  }
});

test('an input that readers could take in two ways is refused', () => {
  const cases: readonly (readonly [reason: string, input: string | Uint8Array])[] = [
    ['decode:name-twice', withFirst('"id":"bravo-1"')],
    ['decode:name-twice', withFirst('"\\u0069d":"bravo-1"')],
    ['decode:unsafe-name', withFirst('"__proto__":{"id":"bravo-1"}')],
    ['decode:unsafe-name', withFirst('"constructor":{}')],
    ['decode:number', TEXT.replace('53.54321', '1e999')],
    ['decode:number', TEXT.replace('53.54321', '9007199254740993')],
    ['decode:no-json', TEXT.replace('53.54321', 'NaN')],
    ['decode:no-json', TEXT.replace('53.54321', '053.54')],
    ['decode:no-json', TEXT.replace('53.54321', '+53.54')],
    ['decode:no-json', `${TEXT}{}`],
    ['decode:no-json', `${TEXT}\u0000`],
    ['decode:no-json', `\ufeff${TEXT}`],
    ['decode:no-json', TEXT.slice(0, -1)],
    ['decode:no-json', TEXT.replace('SIGINT', 'SIG\nINT')],
    ['decode:no-json', ''],
    ['decode:text', TEXT.replace('SIGINT', '\\ud800')],
    [
      'decode:no-utf8',
      Buffer.concat([Buffer.from(TEXT.slice(0, 9)), Buffer.from([0xc0, 0xaf]), Buffer.from(TEXT.slice(9))]),
    ],
    [
      'decode:no-utf8',
      Buffer.concat([Buffer.from(TEXT.slice(0, 9)), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(TEXT.slice(9))]),
    ],
    ['decode:too-deep', '['.repeat(1_000)],
    ['decode:too-many-bytes', ' '.repeat(3_000)],
  ];
  for (const [reason, input] of cases) assert.equal(reasonOf(input), reason, String(input).slice(0, 100));
  assert.equal(reasonOf(null), 'decode:no-body');
});

test('minus zero leaves as zero', () => {
  const { output } = inspection().inspect(Buffer.from(TEXT.replace('53.54321', '-0.0001').replace('9.98765', '-0')));
  assert.match(output?.bytes.toString() ?? '', /"lat":0,"lon":0,/);
});

test('a step that throws, or takes longer than any message may, refuses the message', () => {
  const threw = inspection(
    {},
    {
      input: () => {
        throw new Error('a fault of the validator');
      },
    },
  );
  assert.equal(reasonOf(TEXT, threw), 'schema:in:threw');
  let calls = 0;
  const slow = inspection({}, { elapsedMs: () => (calls += 1) * 400 });
  assert.match(reasonOf(TEXT, slow) ?? '', /:timeout$/);
});

test('what one of the two validators refuses does not leave, whichever it is', () => {
  const wide = {
    ...TRACK_LOW,
    properties: { ...TRACK_LOW.properties, lat: { type: 'number', minimum: -90, maximum: 20 } },
  };
  const compiled = schemaCompiler([{ name: 'wide', schema: wide }]).compile('wide');
  assert.equal(reasonOf(TEXT, inspection({}, { output: compiled })), 'schema:out:maximum');
  assert.equal(reasonOf(TEXT, inspection({}, { outputSchema: wide })), 'schema:out:second:disagrees');
  const unknown = { ...TRACK_LOW, patternProperties: {} };
  assert.equal(reasonOf(TEXT, inspection({}, { outputSchema: unknown })), 'schema:out:second:disagrees');
});

test('a field that is removed by no step does not leave by accident', () => {
  assert.equal(reasonOf(TEXT, inspection({ steps: [] })), 'schema:out:additionalProperties');
  const all = inspection({ steps: [{ kind: 'allowFields', fields: ['id', 'lat', 'lon', 't', 'source'] }] });
  assert.equal(reasonOf(TEXT, all), 'schema:out:additionalProperties');
});

test('fields within objects and lists are reached by their path', () => {
  const position = {
    type: 'object',
    additionalProperties: false,
    properties: {
      lat: { type: 'number', minimum: 0, maximum: 90 },
      accuracy: { type: 'number', minimum: 0, maximum: 9 },
    },
  };
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: { points: { type: 'array', maxItems: 3, items: position } },
  };
  const validator = schemaCompiler([{ name: 's', schema }]).compile('s');
  const guard = inspection(
    {
      steps: [
        { kind: 'allowFields', fields: ['points.lat'] },
        { kind: 'round', fields: ['points.lat'], decimals: 0 },
      ],
    },
    { input: validator, output: validator, outputSchema: schema },
  );
  const { output } = guard.inspect(Buffer.from('{"points":[{"lat":1.6,"accuracy":1},{"lat":7.2},{"accuracy":2}]}'));
  assert.equal(output?.bytes.toString(), '{"points":[{"lat":2},{"lat":7},{}]}');
});

test('a denied word is found in every spelling that a reader takes for it', () => {
  const deny = fieldStep({ kind: 'denyPatterns', words: ['SIGINT', 'straße'] });
  const isFound = (text: string): boolean => {
    try {
      deny.run({ a: [{ [text]: 1 }] });
      return false;
    } catch {
      return true;
    }
  };
  for (const text of [
    'sigint',
    'ＳＩＧＩＮＴ',
    'si\u200bgint',
    'si\u00adgint',
    's\u0131g\u0131nt',
    'S\u0130GINT',
    's\u00edgint',
    'si\u0301gint',
    'sig\u202eint',
    'si\ufe0fgint',
    'x-\u{1d5cc}\u{1d5c2}\u{1d5c0}int-x',
    'STRASSE',
  ])
    assert.ok(isFound(text), JSON.stringify(text));
  assert.equal(isFound('sig int'), false);
});

test('times of every offset are cut in UTC', () => {
  const cut = (t: string): string | undefined =>
    /"t":"([^"]*)"/.exec(
      inspection()
        .inspect(Buffer.from(JSON.stringify({ ...TRACK, t })))
        .output?.bytes.toString() ?? '',
    )?.[1];
  assert.equal(cut('2026-11-28T00:00:59.999+01:00'), '2026-11-27T23:00:00Z');
  assert.equal(cut('1969-12-31T23:59:30Z'), '1969-12-31T23:59:00Z');
  assert.equal(cut('2026-02-30T00:00:00Z'), undefined);
});
