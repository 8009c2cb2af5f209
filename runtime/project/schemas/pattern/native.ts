import { type AST, visitRegExpAST } from '@eslint-community/regexpp';
import { membersOf } from './program.ts';

/** Characters with which a part can begin: ASCII by number, all others as one. The set may be too large, never too small. */
type Beginnings = ReadonlySet<number>;

/** The rest of the pattern that the engine has to match after a position. */
interface Rest {
  readonly beginnings: Beginnings;
  /** The most characters that it takes. */
  readonly longest: number;
  /** Whether it already has a repetition that is tried in more than one length. */
  readonly isRetried: boolean;
}

const OTHERS = 128;
/** The most characters of a part that may be tried at every position. */
const SHORT = 64;
const NOTHING: Rest = { beginnings: new Set(), longest: 0, isRetried: false };

/** The pattern leaves more choices than the engine goes through in a time that grows with the text alone. */
class Choice extends Error {}

/**
 * Whether the engine's own matching takes time in proportion to the text. A match begins at the start of the text, or
 * is short. At each position at most one alternative takes the next character, so every backtrack ends at once. One
 * repetition may be tried in every length if the rest after it is short.
 *
 * Nor may the engine's answer differ from that of ECMAScript.
 */
export function isLinearNatively(pattern: AST.Pattern): boolean {
  const { alternatives } = pattern;
  if (alternatives.some(mayMatchInsidePair)) return false;
  const isAnchored = alternatives.every(({ elements }) => isStart(elements[0]));
  if (!isAnchored && !(longest(alternatives) <= SHORT)) return false;
  try {
    if (isAnchored) apart(alternatives.map(({ elements }) => ofStart(elements.slice(1))));
    else ofAny(alternatives, NOTHING);
    return true;
  } catch (thrown) {
    if (thrown instanceof Choice) return false;
    throw thrown;
  }
}

function isStart(element: AST.Element | undefined): boolean {
  return element?.type === 'Assertion' && element.kind === 'start';
}

/**
 * V8 also begins a match between the two halves of a character beyond U+FFFF. Nothing can be taken there, so the match
 * is empty. `^`, `$` and `\b` do not hold there. If nothing is denied either, the empty match is found at every other
 * place as well. So only an empty match that denies something is wrong.
 */
function mayMatchInsidePair(alternative: AST.Alternative): boolean {
  const { elements } = alternative;
  return !isStart(elements[0]) && elements.every((element) => shortest(element) === 0) && denies(alternative);
}

/** Whether it holds a negative look or `\B`. */
function denies(alternative: AST.Alternative): boolean {
  let found = false;
  visitRegExpAST(alternative, {
    onAssertionEnter(assertion) {
      if ('negate' in assertion && assertion.negate) found = true;
    },
  });
  return found;
}

/** Looks ahead from the start of the text are tried once, so what they look for may be long. */
function ofStart(elements: readonly AST.Element[]): Rest {
  const first = elements.findIndex((element) => element.type !== 'Assertion' || element.kind !== 'lookahead');
  const looks = first === -1 ? elements : elements.slice(0, first);
  for (const look of looks) if ('alternatives' in look) ofAny(look.alternatives, NOTHING);
  return ofSequence(elements.slice(looks.length), NOTHING);
}

/** One of these followed by `after`. Throws Choice. */
function ofAny(alternatives: readonly AST.Alternative[], after: Rest): Rest {
  return apart(alternatives.map(({ elements }) => ofSequence(elements, after)));
}

function ofSequence(elements: readonly AST.Element[], after: Rest): Rest {
  return elements.reduceRight((next, element) => ofElement(element, next), after);
}

/** Throws Choice where two of them can begin alike. */
function apart(ways: readonly Rest[]): Rest {
  const beginnings = new Set<number>();
  for (const way of ways) {
    if (meet(beginnings, way.beginnings)) throw new Choice();
    for (const one of way.beginnings) beginnings.add(one);
  }
  return {
    beginnings,
    longest: Math.max(...ways.map((way) => way.longest)),
    isRetried: ways.some(({ isRetried }) => isRetried),
  };
}

function meet(some: Beginnings, others: Beginnings): boolean {
  for (const one of others) if (some.has(one)) return true;
  return false;
}

function ofElement(element: AST.Element, after: Rest): Rest {
  switch (element.type) {
    case 'Character':
    case 'CharacterClass':
    case 'CharacterSet':
      return { ...after, beginnings: charactersOf(element), longest: after.longest + 1 };
    case 'Group':
    case 'CapturingGroup':
      if (element.type === 'Group' && element.modifiers !== null) throw new Choice();
      return ofAny(element.alternatives, after);
    case 'Assertion':
      return ofAssertion(element, after);
    case 'Quantifier':
      return ofRepeated(element, after);
    case 'Backreference':
    case 'ExpressionCharacterClass':
      throw new Choice();
  }
}

function ofAssertion(assertion: AST.Assertion, after: Rest): Rest {
  // Nothing follows the end of the text.
  if (assertion.kind === 'end') return NOTHING;
  if (assertion.kind === 'word') return after;
  if (assertion.kind !== 'lookahead' || !(longest(assertion.alternatives) <= SHORT)) throw new Choice();
  ofAny(assertion.alternatives, NOTHING);
  return after;
}

function ofRepeated({ element, min, max }: AST.Quantifier, after: Rest): Rest {
  if (max === 0) return after;
  // A part that may be empty could be repeated in more than one way.
  if (shortest(element) === 0) throw new Choice();
  const own = ofElement(element, NOTHING).beginnings;
  const isRetried = min < max && meet(own, after.beginnings);
  if (isRetried && (after.isRetried || !(after.longest <= SHORT))) throw new Choice();
  const both = new Set([...own, ...after.beginnings]);
  const inside = { beginnings: both, longest: Infinity, isRetried: after.isRetried || isRetried };
  // The engine stores a backtracking position for each; its stack holds some millions.
  if (max > 1 && holdsCapture(element)) throw new Choice();
  // A repetition that is tried in every length must not contain parts that are tried again themselves.
  if (isRetried && element.type !== 'CharacterClass' && element.type !== 'CharacterSet' && element.type !== 'Character')
    throw new Choice();
  if (max > 1) ofElement(element, inside);
  else ofElement(element, after);
  return {
    beginnings: min === 0 ? both : own,
    longest: after.longest + max * longestOf(element),
    isRetried: inside.isRetried,
  };
}

function holdsCapture(element: AST.Element): boolean {
  if (element.type === 'CapturingGroup') return true;
  if (element.type === 'Quantifier') return holdsCapture(element.element);
  return element.type === 'Group' && element.alternatives.some(({ elements }) => elements.some(holdsCapture));
}

function charactersOf(element: AST.Character | AST.CharacterClass | AST.CharacterSet): Beginnings {
  const has = membersOf(element);
  const found = new Set<number>();
  for (let codePoint = 0; codePoint < OTHERS; codePoint += 1) if (has(codePoint)) found.add(codePoint);
  if (element.type !== 'Character' || element.value >= OTHERS) found.add(OTHERS);
  return found;
}

/** The fewest characters that it takes; 0 where that is not known. */
function shortest(element: AST.Element): number {
  switch (element.type) {
    case 'Character':
    case 'CharacterClass':
    case 'CharacterSet':
      return 1;
    case 'Group':
    case 'CapturingGroup':
      return Math.min(
        ...element.alternatives.map(({ elements }) => elements.reduce((sum, one) => sum + shortest(one), 0)),
      );
    case 'Quantifier':
      return element.min === 0 ? 0 : element.min * shortest(element.element);
    case 'Assertion':
    case 'Backreference':
    case 'ExpressionCharacterClass':
      return 0;
  }
}

/** The most characters that one of these takes. */
function longest(alternatives: readonly AST.Alternative[]): number {
  return Math.max(...alternatives.map(({ elements }) => elements.reduce((sum, one) => sum + longestOf(one), 0)));
}

function longestOf(element: AST.Element): number {
  switch (element.type) {
    case 'Character':
    case 'CharacterClass':
    case 'CharacterSet':
      return 1;
    case 'Group':
    case 'CapturingGroup':
      return longest(element.alternatives);
    case 'Quantifier':
      return element.max === 0 ? 0 : element.max * longestOf(element.element);
    case 'Assertion':
      return 0;
    case 'Backreference':
    case 'ExpressionCharacterClass':
      return Infinity;
  }
}
