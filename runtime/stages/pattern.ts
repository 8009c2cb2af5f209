import { RegExpParser } from '@eslint-community/regexpp';
import { isStackOverflow, messageOf } from '#contract/errors.ts';
import { Automaton } from './pattern-automaton.ts';
import { testWithLooks } from './pattern-looks.ts';
import { isLinearNatively } from './pattern-native.ts';
import { NotLinear, programOf } from './pattern-program.ts';

/** What a schema asks of a pattern. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** As a regular expression prints itself. */
  toString(): string;
}

/**
 * The pattern as `new RegExp(source, flags)` judges texts, in time that grows with the text and nothing else: by the engine itself
 * where its matching cannot come back, else by an automaton. Throws SyntaxError as RegExp does, and NotLinear where no
 * automaton can do it.
 */
export function patternOf(source: string, flags: string): Pattern {
  const native = new RegExp(source, flags);
  if (flags !== 'u') throw new NotLinear(`the flags ${flags}`);
  const parsed = parse(source);
  const toString = (): string => String(native);
  if (isLinearNatively(parsed)) {
    const automaton = lazily(() => new Automaton(programOf(parsed)));
    return { toString, test: (text) => testNatively(native, text, automaton) };
  }
  const program = programOf(parsed);
  if (program.needsText) return { toString, test: (text) => testWithLooks(program, text) };
  const automaton = new Automaton(program);
  return { toString, test: (text) => automaton.test(text) };
}

function parse(source: string): ReturnType<RegExpParser['parsePattern']> {
  try {
    return new RegExpParser().parsePattern(source, 0, source.length, { unicode: true });
  } catch (thrown) {
    // The engine takes it already, this parser does not yet.
    throw new NotLinear(messageOf(thrown));
  }
}

/** The engine keeps a place to come back to for each repetition of a group, and has room for some millions. */
function testNatively(native: RegExp, text: string, automaton: () => Automaton): boolean {
  try {
    return native.test(text);
  } catch (thrown) {
    if (!isStackOverflow(thrown)) throw thrown;
    return automaton().test(text);
  }
}

function lazily<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}
