import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SluiceError } from '#contract/errors.ts';
import { topicGrammar } from '../../runtime/buses/mqtt/topics.ts';
import { subjects } from '../../runtime/buses/nats/subject.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { compileTemplate } from '../../runtime/template/compile-template.ts';
import type { TemplateView } from '#contract/template.ts';
import type { TemplateUse } from '../../runtime/template/compile-template.ts';
import { parseTemplate } from '../../runtime/template/template.ts';

const VIEW: TemplateView = {
  id: 'ORDERS:7',
  address: 'fleet/v7/position',
  key: 'v7',
  headers: new Map([['x.y', ['first', 'second']]]),
  body: { unit: 'u1', n: 5, big: 1.5, yes: true, deep: { er: [{ name: 'end' }] }, none: null, empty: '' },
  origin: { id: 'publisher-7', contentType: 'text/plain', expiresAtMs: Date.UTC(2027, 0, 1) },
};

const SLASHES = { separator: '/', decode: (level: string) => level };

function fill(text: string, use: Partial<TemplateUse> = {}, view: Partial<TemplateView> = {}): string {
  const whole: TemplateUse = { route: 'r', source: SLASHES, target: undefined, missing: 'KEY_MISSING', ...use };
  return compileTemplate(text, whole)({ ...VIEW, ...view });
}

test('a template takes key, id, route, levels, body fields and headers, and fixed text as it stands', () => {
  assert.equal(fill('fixed'), 'fixed');
  assert.equal(fill('{key}'), 'v7');
  assert.equal(fill('a.{key}'), 'a.v7');
  assert.equal(fill('{key}.b'), 'v7.b');
  assert.equal(fill('a.{key}.b'), 'a.v7.b');
  assert.equal(fill('{topic.0}-{topic.1}-{topic.2}'), 'fleet-v7-position');
  assert.equal(fill('{route}/{id}'), 'r/ORDERS:7');
  assert.equal(fill('{body.unit}{body.n}{body.big}{body.yes}'), 'u151.5true');
  assert.equal(fill('{body.deep.er.0.name}'), 'end');
  assert.equal(fill('{header.x.y}'), 'first');
  assert.equal(fill('{{key}{{{key}}'), '{key}{v7}');
  assert.equal(fill('{topic.1}', { source: { ...SLASHES, separator: '--' } }, { address: 'a--b--c' }), 'b');
});

test('a header that stands in a field of the frame is read in any spelling, and so are the names of the runtime', () => {
  const headers = new Map([
    ['seclabel', ['S']],
    ['Nats-Other', ['n']],
    ['content-type', ['beside']],
    ['msgid', ['beside']],
  ]);
  const none = { id: undefined, contentType: undefined, expiresAtMs: undefined };
  const fields = [
    'msgid',
    'MsgId',
    'Nats-Msg-Id',
    'nats-msg-id',
    'content-type',
    'Content-Type',
    'expirytime',
    'ExpiryTime',
  ];
  assert.equal(
    fill(fields.map((name) => `{header.${name}}`).join(' '), {}, { headers }),
    `${'publisher-7 '.repeat(4)}text/plain text/plain 2027-01-01T00:00:00.000Z 2027-01-01T00:00:00.000Z`,
  );
  assert.equal(fill('{header.SecLabel}{header.SECLABEL}', {}, { headers }), 'SS');
  assert.equal(fill('{header.Nats-Other}', {}, { headers }), 'n');
  assert.throws(
    () => fill('{header.nats-other}', {}, { headers }),
    { code: 'KEY_MISSING' },
    'others as they are written',
  );
  for (const name of fields) {
    assert.throws(
      () => fill(`{header.${name}}`, {}, { headers: new Map(), origin: none }),
      { code: 'KEY_MISSING' },
      name,
    );
  }
  const kept = new Map([['expirytime', ['tomorrow']]]);
  assert.equal(fill('{header.expirytime}', {}, { headers: kept, origin: none }), 'tomorrow', 'what is no time stays');
});

test('a header that lacks its value says which header and which value', () => {
  assert.throws(() => fill('a{header.z}', { missing: 'HEADER_MISSING', header: 'origin' }), {
    code: 'HEADER_MISSING',
    message: 'expected a value for {header.z}, which header origin is set from, found none',
  });
});

test('the rest of an address is spelled level by level for the target, and where there is none its separator goes too', () => {
  const dots = { separator: '.', encode: (value: string) => `<${value}>` };
  const rest = (text: string, address: string): string => fill(text, { target: dots }, { address });
  assert.equal(rest('m.{topic.0+}', 'a/b//c/'), 'm.<a>.<b>.<>.<c>.<>');
  assert.equal(rest('m.{topic.1+}', 'a/b'), 'm.<b>');
  assert.equal(rest('m.{topic.1+}', 'a/'), 'm.<>');
  assert.equal(rest('m.{topic.1+}', 'a'), 'm');
  assert.equal(rest('{topic.1+}.m', 'a'), 'm');
  assert.equal(rest('m.{topic.2+}.{topic.0}.{topic.1+}', 'a/b'), 'm.<a>.<b>');
  assert.equal(rest('{topic.3+}', 'a/b'), '');
  assert.equal(fill('{topic.1+}', {}, { address: 'a/b/c' }), 'b/c', 'in a key as it stands');
  assert.throws(() => fill('{topic.3+}', {}, { address: 'a/b/c' }), { code: 'KEY_MISSING' });
});

test('a level is read as the value that a bridge made it of', () => {
  const source = subjects;
  const address = 'fleet.car%2E5-x.a%20b';
  assert.equal(fill('{subject.1}', { source }, { address }), 'car.5-x');
  assert.equal(fill('{subject.2}', { source }, { address }), 'a b');
  assert.equal(fill('t/{subject.1}', { source, target: topicGrammar }, { address }), 't/car.5-x');
});

test('an empty level or key is a value, and an empty field of the body is none', () => {
  const target = subjects;
  assert.equal(fill('t.{topic.1}', { target }, { address: 'a//b' }), 't.%');
  assert.equal(fill('t.{key}', { target }, { key: '' }), 't.%');
  assert.equal(fill('{topic.1}', {}, { address: 'a//b' }), '');
  assert.throws(() => fill('{body.empty}', { target }), { code: 'KEY_MISSING' });
});

test('a value that a message lacks is an error with the field, never an empty text and never the value', () => {
  const lacking = [
    '{body.nope}',
    '{body.none}',
    '{body.empty}',
    '{body.deep}',
    '{body.unit.x}',
    '{topic.3}',
    '{header.z}',
    '{body.deep.er}',
  ];
  for (const text of [
    ...lacking,
    'a{body.constructor}',
    '{body.__proto__}',
    '{body.toString}',
    '{body.deep.er.length.x}',
  ]) {
    assert.throws(
      () => fill(text, { missing: 'ADDRESS_INVALID' }),
      (thrown) => thrown instanceof SluiceError && thrown.code === 'ADDRESS_INVALID' && thrown.message.includes('{'),
      text,
    );
  }
  assert.throws(() => fill('{key}', {}, { key: undefined }), { code: 'KEY_MISSING' });
  assert.throws(() => fill('{body.x}', {}, { body: { x: Number.NaN } }), { code: 'KEY_MISSING' });
  assert.throws(() => fill('{body.x}', {}, { body: 'text' }), { code: 'KEY_MISSING' });
});

test('an own field is taken even where its name is that of a property of every object', () => {
  const body: unknown = JSON.parse('{"__proto__": "own", "constructor": "mine"}');
  assert.equal(fill('{body.__proto__}{body.constructor}', {}, { body }), 'ownmine');
});

test('what the checker refuses does not compile', () => {
  for (const text of ['{', '{}', '{ key }', '{a b}', '{key', '{.a}', '{a..b}']) {
    assert.ok('flaw' in parseTemplate(text), text);
    assert.throws(() => fill(text), RangeError, text);
  }
});

// Nothing in the property below knows how a bus encodes: only what its addresses mean to its subscribers.
const ANYTHING = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('.', '/', '+', '#', '*', '>', '$', '%', 'a', ' ', '\0', '\n', 'é', '😀'),
    maxLength: 8,
  }),
  fc.constantFrom('$SYS', '$JS', '$share', '$KV', '..', '//', '#', '>', '%2F', '%', '$', ' ', '\u{feff}'),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
);
const SHAPES = [
  '{body.v}',
  'a{s}{body.v}',
  '{body.v}{s}b',
  'a{s}{body.v}{s}b',
  'x{body.v}{s}{key}y',
  '{body.v}{body.v}',
  '{body.v}-{key}{s}{body.v}',
];

const NATS = { wildcards: /[*>\s\p{Cc}]/u, reserved: '$' };
const MEANING: Readonly<Record<string, { readonly wildcards: RegExp; readonly reserved: string | undefined }>> = {
  memory: { wildcards: /[+#]/, reserved: undefined },
  mqtt: { wildcards: /[+#\0]/, reserved: '$' },
  nats: NATS,
  jetstream: NATS,
  rabbitmq: { wildcards: /[*#\p{Cc}]/u, reserved: undefined },
  kafka: { wildcards: /[^A-Za-z0-9._-]/, reserved: undefined },
};

for (const [name, { grammar }] of catalog.buses) {
  const { wildcards, reserved } = MEANING[name] ?? assert.fail(`say what ${name} reserves`);

  test(`no value can add a level, a wildcard or a reserved prefix to a ${grammar.word} of ${name}`, () => {
    const levels = (address: string): number => address.split(grammar.separator).length;
    const property = fc.property(fc.constantFrom(...SHAPES), ANYTHING, ANYTHING, (shape, v, k) => {
      const text = shape.replaceAll('{s}', grammar.separator);
      const key = String(k);
      let address: string;
      try {
        address = fill(text, { target: grammar, missing: 'ADDRESS_INVALID' }, { body: { v }, key });
      } catch (thrown) {
        // Refused is safe as well; what is refused is only what is no value at all.
        assert.ok(thrown instanceof SluiceError && thrown.code === 'ADDRESS_INVALID', String(thrown));
        assert.ok(v === '' || key === '' || (typeof v === 'number' && !Number.isFinite(v)), JSON.stringify(String(v)));
        return;
      }
      const harmless = text.replaceAll(/\{[^}]*\}/g, 'x');
      assert.equal(levels(address), levels(harmless), 'levels');
      assert.doesNotMatch(address, wildcards);
      if (reserved !== undefined) assert.ok(!address.startsWith(reserved), 'a reserved first character');
      assert.match(grammar.flaw(address) ?? '', /^$|^more than /);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test(`different values make different ${grammar.word}s of ${name}`, () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).filter((value) => value.isWellFormed());
    const property = fc.property(text, text, (a, b) => {
      fc.pre(a !== b);
      assert.notEqual(grammar.encode(a), grammar.encode(b));
    });
    fc.assert(property, { numRuns: 1000 });
  });
}
