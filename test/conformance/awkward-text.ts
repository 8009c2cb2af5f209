import fc from 'fast-check';

/** What some bus reads as more than text: separators, wildcards, escapes, spaces, controls, what is no character at all. */
const PIECES = [
  '/',
  '//',
  '.',
  '..',
  '+',
  '#',
  '*',
  '>',
  '$',
  '$SYS',
  '$share/g',
  '$JS.API',
  '%',
  '%2F',
  '%25',
  '~',
  '@',
  '&',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\0',
  '\u0001',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u200b',
  '\u2028',
  '\ufeff',
  '\ufffe',
  '\uffff',
  '\ufdd0',
  '\u{1fffe}',
  '\ud800',
  '\udc00',
  '\udcff',
  '\ufffd',
  'é',
  'e\u0301',
  '漢',
  '😀',
  'a',
  'B',
  '0',
  '-',
  '_',
  '{key}',
  '{{',
  '}',
  '"',
  "'",
  '\\',
  ':',
  ';',
  ',',
  '?',
  '=',
  '__proto__',
] as const;

const LENGTHS = [100, 127, 128, 200, 249, 250, 255, 256, 257, 600, 1024, 1025, 4096, 65_535, 65_536, 70_000] as const;

const long = fc
  .tuple(fc.constantFrom(...PIECES), fc.constantFrom(...LENGTHS))
  .map(([piece, length]) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length));

/** Texts that publishers send by mistake, or on purpose. */
export const awkwardText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((pieces) => pieces.join('')) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: long },
);
