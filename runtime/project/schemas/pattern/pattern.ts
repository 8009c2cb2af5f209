import { RegExpParser } from '@eslint-community/regexpp';
import { messageOf } from '#contract/errors.ts';
import { Automaton } from './automaton.ts';
import { testWithLooks } from './look-around.ts';
import { isLinearNatively } from './native.ts';
import { NotLinear, programOf } from './program.ts';

/** The operations that a compiled schema needs of a pattern. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** The text of the pattern, as of a regular expression. */
  toString(): string;
}

/**
 * The pattern as ECMAScript says that `new RegExp(source, flags)` matches texts, in time that grows with the text alone:
 * the regular expression itself where the engine's matching cannot go back and forth and follows ECMAScript, else an
 * automaton. Throws SyntaxError as RegExp does, and NotLinear where no automaton can do it.
 */
export function patternOf(source: string, flags: string): RegExp | Pattern {
  const native = new RegExp(source, flags);
  if (flags !== 'u') throw new NotLinear(`the flags ${flags}`);
  const parsed = parse(source);
  if (isLinearNatively(parsed)) return native;
  const toString = (): string => String(native);
  const program = programOf(parsed);
  if (program.needsText) return { toString, test: (text) => testWithLooks(program, text) };
  const automaton = new Automaton(program);
  return { toString, test: (text) => automaton.test(text) };
}

function parse(source: string): ReturnType<RegExpParser['parsePattern']> {
  try {
    return new RegExpParser().parsePattern(source, 0, source.length, { unicode: true });
  } catch (thrown) {
    // The engine supports syntax that this parser does not support yet.
    throw new NotLinear(messageOf(thrown));
  }
}
