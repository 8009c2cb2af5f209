import { type AST, RegExpParser } from '@eslint-community/regexpp';

const CHARACTERS = [
  'a',
  'A',
  '0',
  'z',
  'Z',
  '9',
  '-',
  '_',
  ' ',
  '.',
  ':',
  '/',
  '@',
  ',',
  '+',
  'b',
  '5',
  'é',
  '日',
  '\n',
  '\t',
  '!',
  '#',
  '(',
  '{',
  '"',
  '𝒳',
];

/** Texts that a pattern likely matches: the caller judges them. `repeats`: how often what may be repeated is. */
export function patternSamples(source: string, repeats: readonly number[]): readonly string[] {
  let parsed: AST.Pattern;
  try {
    parsed = new RegExpParser().parsePattern(source, 0, source.length, { unicode: true });
  } catch {
    return [];
  }
  const texts = repeats.flatMap((repeat) => parsed.alternatives.map((one) => alternative(one, repeat, 0)));
  return [...new Set(texts)];
}

function alternative({ elements }: { elements: readonly AST.Element[] }, repeat: number, depth: number): string {
  return elements.map((element) => textOf(element, repeat, depth)).join('');
}

function textOf(element: AST.Element, repeat: number, depth: number): string {
  if (depth > 40) return '';
  switch (element.type) {
    case 'Character':
      return String.fromCodePoint(element.value);
    case 'CharacterClass':
    case 'CharacterSet':
      return characterOf(element.raw);
    case 'Group':
    case 'CapturingGroup': {
      const first = element.alternatives[repeat % element.alternatives.length];
      return first === undefined ? '' : alternative(first, repeat, depth + 1);
    }
    case 'Quantifier': {
      const count = Math.min(Math.max(element.min, repeat), element.max, Math.max(element.min, 300));
      return textOf(element.element, repeat, depth + 1).repeat(Math.min(count, 2000));
    }
    // Looks ahead and behind take no characters; the others are left to luck.
    case 'Assertion':
    case 'Backreference':
    case 'ExpressionCharacterClass':
      return '';
  }
}

function characterOf(raw: string): string {
  const expression = new RegExp(`^(?:${raw})$`, 'u');
  const listed = CHARACTERS.find((character) => expression.test(character));
  if (listed !== undefined) return listed;
  for (let code = 0; code < 0x3000; code += 1) {
    const character = String.fromCodePoint(code);
    if (expression.test(character)) return character;
  }
  return '';
}
