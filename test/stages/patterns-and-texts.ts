import fc from 'fast-check';

const ATOMS =
  'a b c 0 _ - é 😀 \\n \\u{1F600} \\uD83D \\. \\/ \\x61 \\cJ \\t . \\d \\D \\w \\W \\s \\S \\p{L} \\P{Lu} \\p{Script=Greek} [^] [] [ab] [^a] [a-c0-9_] [^\\d\\s] [\\w-] [é-ü] [😀-😂] [\\b] [^\\p{ASCII}] [\\uD83D]'.split(
    ' ',
  );
const COUNTS = ['*', '+', '?', '{2}', '{0}', '{1,3}', '{2,}', '{0,2}', '*?', '+?', '??', '{1,2}?'];

/** Patterns of flag u, of every kind that the automaton is asked to run. */
export const patterns: fc.Arbitrary<string> = fc.letrec<{ alternatives: string; sequence: string; element: string }>(
  (tie) => ({
    alternatives: fc
      .array(tie('sequence'), { minLength: 1, maxLength: 3, size: 'max', depthIdentifier: 'p' })
      .map((all) => all.join('|')),
    sequence: fc.array(tie('element'), { maxLength: 4, size: 'max', depthIdentifier: 'p' }).map((all) => all.join('')),
    element: fc.oneof(
      { depthIdentifier: 'p', maxDepth: 3 },
      { weight: 6, arbitrary: fc.constantFrom(...ATOMS) },
      {
        weight: 4,
        arbitrary: fc.tuple(fc.constantFrom(...ATOMS), fc.constantFrom(...COUNTS)).map((all) => all.join('')),
      },
      { weight: 1, arbitrary: fc.constantFrom('^', '$', '\\b', '\\B') },
      { weight: 3, arbitrary: tie('alternatives').map((inner) => `(?:${inner})`) },
      { weight: 1, arbitrary: tie('alternatives').map((inner) => `(${inner})`) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(tie('alternatives'), fc.constantFrom(...COUNTS))
          .map(([inner, count]) => `(?:${inner})${count}`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('?=', '?!', '?<=', '?<!'), tie('alternatives'))
          .map(([kind, inner]) => `(${kind}${inner})`),
      },
    ),
  }),
).alternatives;

/** Texts that the patterns may match: halves of surrogate pairs among them. */
export const texts: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      'c',
      'a',
      'b',
      '0',
      '_',
      '-',
      '.',
      '/',
      ' ',
      '\n',
      '\u2028',
      '\b',
      'é',
      'ß',
      'Σ',
      'Я',
      '😀',
      '😁',
      '\uD83D',
      '\uDE00',
    ),
    { maxLength: 10 },
  )
  .map((all) => all.join(''));
