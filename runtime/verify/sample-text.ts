import { type AST, RegExpParser } from '@eslint-community/regexpp';

const SAMPLES: Readonly<Record<string, () => string>> = {
  'date-time': () => new Date().toISOString(),
  date: () => new Date().toISOString().slice(0, 10),
  time: () => new Date().toISOString().slice(11),
  duration: () => 'PT1S',
  email: () => 'verify@example.org',
  hostname: () => 'example.org',
  ipv4: () => '192.0.2.1',
  ipv6: () => '2001:db8::1',
  uri: () => 'https://example.org/verify',
  'uri-reference': () => 'verify',
  url: () => 'https://example.org/verify',
  uuid: () => '00000000-0000-4000-8000-000000000000',
  regex: () => '^a$',
  'json-pointer': () => '/verify',
};

const WORD = 'verify';

/** A text for these keywords of a schema. */
export function sampleText({ format, pattern, minLength, maxLength }: Readonly<Record<string, unknown>>): string {
  const made = typeof format === 'string' ? SAMPLES[format]?.() : undefined;
  if (made !== undefined) return made;
  if (typeof pattern === 'string') return matching(pattern);
  const least = typeof minLength === 'number' ? minLength : 0;
  const most = typeof maxLength === 'number' ? maxLength : Infinity;
  return WORD.padEnd(Math.min(least, MOST_REPEATED), 'x').slice(0, most);
}

const MOST_REPEATED = 1000;

/** A short text that the pattern takes; lookaheads and lookbehinds are left out. */
function matching(pattern: string): string {
  try {
    const { alternatives } = new RegExpParser().parsePattern(pattern, undefined, undefined, { unicode: true });
    return ofAlternatives(alternatives);
  } catch {
    return WORD;
  }
}

function ofAlternatives(alternatives: readonly AST.Alternative[]): string {
  return (alternatives[0]?.elements ?? []).map(ofElement).join('');
}

function ofElement(element: AST.Element): string {
  switch (element.type) {
    case 'Character':
      return String.fromCodePoint(element.value);
    case 'CharacterClass':
      return ofClass(element);
    case 'CharacterSet':
      return ofSet(element);
    case 'Group':
    case 'CapturingGroup':
      return ofAlternatives(element.alternatives);
    case 'Quantifier':
      return ofElement(element.element).repeat(
        Math.min(Math.max(element.min, Math.min(1, element.max)), MOST_REPEATED),
      );
    case 'Assertion':
    case 'Backreference':
    case 'ExpressionCharacterClass':
      return '';
  }
}

function ofSet(set: AST.CharacterSet): string {
  if (set.kind === 'digit') return set.negate ? 'a' : '1';
  if (set.kind === 'space') return set.negate ? 'a' : ' ';
  if (set.kind === 'word') return set.negate ? '-' : 'a';
  return 'a';
}

/** Tried in turn for a negated character class. */
const CANDIDATES = ['a', '1', 'A', '-', ' ', '_', '.', '!', 'é', '日'];

function ofClass(set: AST.CharacterClass): string {
  if (set.negate) {
    const judge = new RegExp(`^${set.raw}$`, 'u');
    return CANDIDATES.find((one) => judge.test(one)) ?? '';
  }
  const [first] = set.elements;
  if (first?.type === 'CharacterClassRange') return String.fromCodePoint(first.min.value);
  if (first?.type === 'Character') return String.fromCodePoint(first.value);
  return first?.type === 'CharacterSet' ? ofSet(first) : '';
}
