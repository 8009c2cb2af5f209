import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegExpParser } from '@eslint-community/regexpp';
import fc from 'fast-check';
import { Automaton } from '../../runtime/project/schemas/pattern/automaton.ts';
import { testWithLooks } from '../../runtime/project/schemas/pattern/look-around.ts';
import { isLinearNatively } from '../../runtime/project/schemas/pattern/native.ts';
import { NotLinear, programOf } from '../../runtime/project/schemas/pattern/program.ts';
import { patternOf } from '../../runtime/project/schemas/pattern/pattern.ts';
import { patient } from '../harness/patience.ts';
import { patterns, texts } from './patterns-and-texts.ts';

const RUNS = Number(process.env['SLUICE_SEEDS'] ?? 4000);

function parsed(source: string) {
  return new RegExpParser().parsePattern(source, 0, source.length, { unicode: true });
}

/**
 * Whether the regular expression matches at the start of a character, or at the end of the text. The engine itself also
 * begins a match between the two halves of a character, which ECMAScript does not.
 */
function matchesAtACharacter(source: string, text: string): boolean {
  const sticky = new RegExp(source, 'uy');
  let place = 0;
  const matchesHere = (): boolean => {
    sticky.lastIndex = place;
    return sticky.test(text);
  };
  for (const character of text) {
    if (matchesHere()) return true;
    place += character.length;
  }
  return matchesHere();
}

/** Milliseconds that the act takes. */
function took(act: () => unknown): number {
  const startMs = performance.now();
  act();
  return performance.now() - startMs;
}

test('a pattern says of every text what the regular expression says, on each of its engines', () => {
  let native = 0;
  let matching = 0;
  fc.assert(
    fc.property(patterns, fc.array(texts, { minLength: 8, maxLength: 8 }), (source, all) => {
      const expression = new RegExp(source, 'u');
      const denies = /\\B|\(\?<?!/.test(source);
      const program = programOf(parsed(source));
      const automaton = program.needsText ? undefined : new Automaton(program);
      const pattern = patternOf(source, 'u');
      native += Number(isLinearNatively(parsed(source)));
      for (const text of all) {
        const says = matchesAtACharacter(source, text);
        // Only what denies something can hold between two halves and nowhere else.
        if (!denies || !/[😀😁]/u.test(text)) assert.equal(expression.test(text), says, 'on the engine itself');
        matching += Number(says);
        assert.equal(testWithLooks(program, text), says, 'run over the text');
        assert.equal(automaton?.test(text) ?? says, says, 'as an automaton');
        assert.equal(pattern.test(text), says, 'as it is chosen');
        assert.equal(pattern.test(text), says, 'the second time');
      }
    }),
    { numRuns: RUNS },
  );
  assert.ok(native > RUNS / 20, `${native} of ${RUNS} patterns ran natively: it proves little of them`);
  assert.ok(matching > RUNS / 2 && matching < RUNS * 7.5, `${matching} of ${RUNS * 8} texts matched`);
});

for (const [source, text] of [
  ['(?!\\b|a)|a', '0😁b'],
  ['\\B', 'b😀b'],
  ['(?!\\b)x?', 'b😀b'],
  ['(?=\\B)', 'b😀b'],
  ['x|(?:(?!\\b)|y)', 'b😀b'],
  ['(?:\\B){2}', 'b😀b'],
  ['^b$|\\B', 'b😀b'],
  ['(?<!^|[^])', '😀'],
  ['(?![^])(?<!b)', '😀b'],
] as const) {
  test(`${source} does not match between the two halves of a character of ${text}`, () => {
    assert.equal(matchesAtACharacter(source, text), false);
    assert.equal(testWithLooks(programOf(parsed(source)), text), false, 'run over the text');
    assert.equal(patternOf(source, 'u').test(text), false, 'as it is chosen');
  });
}

test('a pattern that denies something runs on the engine itself where it begins at the start or takes a character', () => {
  for (const source of ['^(?!a)b*', '^\\B', '(?!a)[a-z]', '\\Bb', 'b\\B']) {
    assert.equal(isLinearNatively(parsed(source)), true, source);
  }
});

/** Each blows up natively: exponentially, or by a power of the length. With a text on which it does. */
const CATASTROPHES: readonly (readonly [pattern: string, text: (length: number) => string])[] = [
  ['^(a+)+$', (n) => `${'a'.repeat(n)}!`],
  ['^(a|aa)*$', (n) => `${'a'.repeat(n)}!`],
  ['^(a|a)*b', (n) => 'a'.repeat(n)],
  ['^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+$', (n) => `${'a'.repeat(n)}!`],
  ['(x+x+)+y', (n) => 'x'.repeat(n)],
  ['^(.*?,){11}P', (n) => '1,'.repeat(n / 2)],
  ['\\s+$', (n) => `${' '.repeat(n)}x`],
  ['a*b', (n) => 'a'.repeat(n)],
  ['^.*a.*b.*c$', (n) => 'ab'.repeat(n / 2)],
  ['^(?:a?){20}(?:a){20}b', (n) => 'a'.repeat(n)],
  ['^(?=(a+)+$)', (n) => `${'a'.repeat(n)}!`],
  ['(?<!(b+)+)c$', (n) => `${'b'.repeat(n)}!`],
  ['^(\\w+\\s?)*$', (n) => `${'a'.repeat(n)}!`],
  ['\\bx*y\\b', (n) => 'x'.repeat(n)],
];

for (const [source, textOf] of CATASTROPHES) {
  test(`${source} takes time in proportion to the text, however the text is made`, () => {
    const pattern = patternOf(source, 'u');
    assert.equal(isLinearNatively(parsed(source)), false);
    const ms = took(() => assert.equal(pattern.test(textOf(200_000)), false));
    assert.ok(ms < patient(2000), `${ms} ms`);
  });
}

test('the usual patterns run on the engine itself, and cost nothing more', () => {
  const usual = ['^[a-z][a-z0-9-]*$', '^[A-Z]{2}-[0-9]{4,8}$', '^(?:[0-9]{1,3}\\.){3}[0-9]{1,3}$', '^[^/]+/[^/]+$'];
  for (const source of [
    ...usual,
    '^(red|green|blue)$',
    '^[^@]{1,64}@.{1,5000}$',
    '^(?!.*--)[a-z-]+$',
    '^(?=.{1,253}$)\\w+$',
    '^(?:(?!--)[a-z-])+$',
    '^.*\\.json$',
    '\\bword\\b',
    'abc',
    '^\\d{4}-\\d\\d',
    '^.*$',
    '^$',
  ]) {
    assert.equal(isLinearNatively(parsed(source)), true, source);
  }
});

test('what runs on the engine itself takes time in proportion to the text', () => {
  const sources = fc.sample(
    patterns.filter((source) => isLinearNatively(parsed(source))),
    { numRuns: 150, seed: Number(process.env['SLUICE_SEED'] ?? 1) },
  );
  for (const source of sources) {
    const expected = new RegExp(source, 'u');
    for (const part of ['a', 'ab', 'b-', '0a_', 'éa', 'aab']) {
      for (const end of ['', '!', '\n']) {
        const ms = took(() => expected.test(part.repeat(20_000) + end));
        assert.ok(ms < patient(1000), `${source} on ${part}...${JSON.stringify(end)}: ${ms} ms`);
      }
    }
  }
});

test('a text that the engine has no room for is judged all the same', () => {
  const text = 'a'.repeat(8_000_000);
  assert.throws(() => /^([a-z])*$/u.test(text), RangeError, 'the engine has room by now: this test proves nothing');
  assert.equal(patternOf('^([a-z])*$', 'u').test(text), true);
  assert.equal(patternOf('^([a-z])*$', 'u').test(`${text}!`), false);
});

for (const [source, what] of [
  ['^(a)\\1$', 'the back-reference \\1'],
  ['^(?<n>a)\\k<n>$', 'the back-reference \\k<n>'],
  ['^(?i:a)', 'the modifiers i'],
  ['^(?:[ab]*a){3000}', 'repetitions that make more than 2000 steps when written out'],
] as const) {
  test(`a pattern that no automaton runs is refused when it is compiled: ${source}`, () => {
    assert.throws(() => patternOf(source, 'u'), new NotLinear(what));
  });
}

test('a pattern that is none is refused as the engine refuses it', () => {
  assert.throws(() => patternOf('[', 'u'), SyntaxError);
});
