import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import type { PipelineSpec } from '../../runtime/project/pipeline-spec.ts';
import { checkedFile } from './checked-file.ts';

function check(deadLetter: unknown, environment: Record<string, string> = {}) {
  const file = {
    name: 'p',
    buses: {
      field: { bus: 'mqtt', url: 'mqtt://h:1' },
      old: { bus: 'mqtt', url: 'mqtt://h:2', protocol: '3.1.1' },
      core: { bus: 'jetstream', url: 'nats://h:1' },
    },
    routes: [
      {
        name: 'r',
        from: { bus: 'field', topics: ['in/+'], key: '{topic.1}' },
        to: { bus: 'core', stream: 'S', subject: 'out' },
        ...(deadLetter !== undefined && { deadLetter }),
      },
      { name: 'back', from: { bus: 'core', stream: 'T' }, to: { bus: 'old', topic: 't' } },
    ],
  };
  const { spec, findings } = checkedFile(file, { mode: 'run', environment });
  const errors = findings.filter(({ severity }) => severity === 'error');
  return { spec, errors, text: findingsText(errors) };
}

function lettersOf(spec: PipelineSpec | undefined): PipelineSpec['routes'][number]['deadLetter'] | undefined {
  return spec?.routes[0]?.deadLetter;
}

const DEFAULT = { max: 100_000, bytes: 1024 ** 3, ageMs: 30 * 86_400_000, full: 'pause' };

test('without a word, and with the word local, the local store has its default bounds', () => {
  for (const letters of [undefined, 'local', {}]) {
    assert.deepEqual(lettersOf(check(letters).spec), { bounds: DEFAULT, to: undefined });
  }
});

test('each bound can be set, by reference too', () => {
  const { spec, text } = check({ max: 5, bytes: '2MiB', age: 'env:AGE', full: 'oldest' }, { AGE: '2h' });
  assert.ok(spec, text);
  assert.deepEqual(lettersOf(spec)?.bounds, { max: 5, bytes: 2 * 1024 ** 2, ageMs: 7_200_000, full: 'oldest' });
});

test('a bus for dead letters has the options of its own driver, defaults filled in', () => {
  const { spec, text } = check({ bus: 'core', stream: 'DEAD', subject: 'dead.{route}.{key}.{header.tenant}' });
  assert.ok(spec, text);
  const { to, bounds } = lettersOf(spec) ?? {};
  assert.deepEqual([to?.connection, to?.bus, to?.address], ['core', 'jetstream', 'dead.{route}.{key}.{header.tenant}']);
  assert.equal(to?.options['stream'], 'DEAD');
  assert.deepEqual(bounds, DEFAULT);
});

for (const [what, letters, code, path, words] of [
  ['a bus without headers', { bus: 'old', topic: 'dead' }, 'LETTERS_NEED_HEADERS', '/bus', /carries headers/],
  [
    'a field of the body',
    { bus: 'core', stream: 'D', subject: 'dead.{body.x}' },
    'TEMPLATE_FIELD',
    '/subject',
    /whatever is wrong with its body/,
  ],
  ['a wildcard', { bus: 'core', stream: 'D', subject: 'dead.>' }, 'TEMPLATE_ADDRESS', '/subject', /flaw/],
  ['no address', { bus: 'core', stream: 'D' }, 'MISSING_FIELD', '/subject', /subject/],
  ['an unknown connection', { bus: 'cor', subject: 'x' }, 'UNKNOWN_CONNECTION', '/bus', /bus: core/],
  ["a word of another bus's", { bus: 'core', stream: 'D', subject: 'x', qos: 1 }, 'UNKNOWN_FIELD', '/qos', /qos/],
  ['a codec', { bus: 'core', stream: 'D', subject: 'x', codec: 'json' }, 'UNKNOWN_FIELD', '/codec', /codec/],
  ['a misspelt bound', { maxx: 5 }, 'UNKNOWN_FIELD', '/maxx', /max:/],
  ['a bare number of bytes', { bytes: 5 }, 'UNIT_MISSING', '/bytes', /5B|unit/],
  ['an unknown way to be full', { full: 'newest' }, 'WRONG_VALUE', '/full', /"pause" or "oldest"/],
  ['another word', 'none', 'WRONG_VALUE', '', /"local"/],
  ['a reference for the name of a bus', { bus: 'env:B', subject: 'x' }, 'REFERENCE_REFUSED', '/bus', /name/],
] as const) {
  test(`check refuses ${what} for dead letters, once, where it stands`, () => {
    const { spec, errors, text } = check(letters);
    assert.equal(spec, undefined);
    assert.deepEqual(
      errors.map((finding) => [finding.code, finding.path]),
      [[code, `/routes/0/deadLetter${path}`]],
      text,
    );
    assert.match(text, words);
  });
}
