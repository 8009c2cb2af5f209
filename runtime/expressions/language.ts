import { type ASTNode, EvaluationError, ParseError, type ParseResult, TypeError } from '@marcbachmann/cel-js';
import { messageOf, SluiceError } from '#contract/errors.ts';
import type { Expression, ExpressionResult, ExpressionUse } from '#contract/expression.ts';
import { harmless } from '#kit/printable.ts';
import { nearestName } from '#kit/nearest.ts';
import { shortened } from '#kit/shortened.ts';
import { type BodyType, declareBody, shownTypes } from './body-type.ts';
import { Budget } from './budget.ts';
import { environmentOf, LINEAR_MATCHES, type LinearPattern } from './environment.ts';
import { unknownField } from './field.ts';
import { ExpressionFlaw, positionIn } from './flaw.ts';
import { countRounds, heldType, nodesOf, renameCall } from './nodes.ts';
import { bodyValue } from './result.ts';
import { variableReader } from './variables.ts';

/** Makes a pattern that runs in linear time. Throws where there is none, with the reason. */
export type PatternOf = (source: string) => LinearPattern;

const LONGEST = 10_000;
/** How much of an expression an error shows. */
const SHOWN = 200;

interface Parsed {
  readonly parsed: ParseResult;
  readonly nodes: readonly ASTNode[];
}

/** Names that the library leaves out of maps, because some programs merge maps into their own objects. */
const UNSAFE_KEYS: readonly unknown[] = ['__proto__', 'constructor', 'prototype'];

/**
 * What the library refuses for the types of the operands alone: a loop over the names of a map, and two branches of different
 * types. The same expression has a value where nothing is known of the body.
 */
const STRICTER_THAN_ITS_VALUE: ReadonlySet<string> = new Set([
  'invalid_comprehension_range',
  'incompatible_ternary_branches',
]);

/** Parses an expression and checks its types. Throws ExpressionFlaw. `body`: its type, where it is known. */
function prepare(text: string, use: ExpressionUse, patternOf: PatternOf, body?: BodyType): Parsed {
  const { parsed, nodes } = parse(text, use, patternOf, body);
  const { type, error } = parsed.check();
  if (body !== undefined && error !== undefined && STRICTER_THAN_ITS_VALUE.has(error.code)) return { parsed, nodes };
  if (error !== undefined || type === undefined) throw flawOf(error, text, use, body);
  refuseResult(type, use.result, text, body);
  return { parsed, nodes };
}

function parse(text: string, use: ExpressionUse, patternOf: PatternOf, body: BodyType | undefined): Parsed {
  if (text.length > LONGEST) {
    throw new ExpressionFlaw(
      'syntax',
      { start: 0, end: 0 },
      { expected: `an expression of at most ${LONGEST} characters`, found: `${text.length}`, write: 'a function' },
    );
  }
  const patterns = new Map<string, LinearPattern>();
  const environment = environmentOf(use, patterns);
  declareBody(environment, body);
  let parsed: ParseResult;
  try {
    parsed = environment.parse(text);
  } catch (thrown) {
    throw flawOf(thrown, text, use, body);
  }
  const nodes = nodesOf(parsed.ast);
  for (const node of nodes) {
    refuseKeys(node);
    refuseOptional(node, use);
    compilePattern(node, patterns, patternOf);
  }
  return { parsed, nodes };
}

/** The library declares its optional values also where it is told to have none; then each evaluation fails. */
function refuseOptional(node: ASTNode, use: ExpressionUse): void {
  if (node.op === 'id' && node.args === 'optional') throw unknownVariable(node.args, node.range, use);
}

/** The keys of a map are names of fields. */
function refuseKeys(node: ASTNode): void {
  if (node.op !== 'map') return;
  for (const [key] of node.args) {
    if (key.op === 'value' && typeof key.args === 'string' && !UNSAFE_KEYS.includes(key.args)) continue;
    const isUnsafe = key.op === 'value' && UNSAFE_KEYS.includes(key.args);
    throw new ExpressionFlaw('syntax', key.range, {
      expected: 'the name of a field in quotes as the key of a map',
      found: isUnsafe ? 'a name that changes every object of a process that merges it' : 'something else',
      write: "{'name': value}",
    });
  }
}

/** A pattern has to be known before the first message, as not every one takes linear time. */
function compilePattern(node: ASTNode, patterns: Map<string, LinearPattern>, patternOf: PatternOf): void {
  if (node.op !== 'rcall' || node.args[0] !== 'matches') return;
  const [pattern] = node.args[2];
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
    throw new ExpressionFlaw('pattern', (pattern ?? node).range, {
      expected: 'a pattern in quotes',
      found: 'one that is made of values',
      write: "matches('^[a-z]+$'), or a function",
    });
  }
  try {
    patterns.set(pattern.args, patternOf(pattern.args));
  } catch (thrown) {
    throw new ExpressionFlaw('pattern', pattern.range, {
      expected: 'a pattern that takes time in proportion to the text',
      found: shortened(messageOf(thrown), SHOWN),
      write: 'a simpler pattern, or startsWith, endsWith, contains',
    });
  }
  renameCall(node, LINEAR_MATCHES);
}

const RESULTS: Readonly<
  Record<ExpressionResult, { readonly fits: (type: string) => boolean; readonly words: string; readonly write: string }>
> = {
  bool: {
    fits: (type) => type === 'bool',
    words: 'true or false',
    write: "a comparison, such as body.kind == 'alert'",
  },
  list: {
    fits: (type) => type === 'list' || type.startsWith('list<'),
    words: 'a list',
    write: 'a list of the body, such as body.items',
  },
  text: { fits: (type) => type === 'string', words: 'a text', write: 'string(...) of it' },
  value: {
    fits: (type) => type !== 'type',
    words: 'a value of a body',
    write: "a value, such as type(body.n) == string ? 'text' : 'other'",
  },
};

function refuseResult(type: string, result: ExpressionResult, text: string, body: BodyType | undefined): void {
  const { fits, words, write } = RESULTS[result];
  if (type === 'dyn' || fits(type)) return;
  throw new ExpressionFlaw(
    'type',
    { start: 0, end: text.length },
    { expected: `an expression that yields ${words}`, found: `one that yields ${shownTypes(type, body)}`, write },
  );
}

function flawOf(thrown: unknown, text: string, use: ExpressionUse, body: BodyType | undefined): ExpressionFlaw {
  if (!(thrown instanceof ParseError || thrown instanceof TypeError)) {
    const found = shortened(messageOf(thrown), SHOWN);
    const words = { expected: 'an expression', found, write: 'a shorter expression, or a function' };
    return new ExpressionFlaw('syntax', { start: 0, end: text.length }, words);
  }
  const { code, summary } = thrown;
  const range = thrown.range ?? { start: 0, end: text.length };
  const part = text.slice(range.start, range.end);
  if (code === 'unknown_variable') return unknownVariable(part, range, use);
  if (code === 'no_such_key' && body !== undefined) return unknownFieldOf(thrown, range, body);
  if (code === 'invalid_macro_argument' && summary.startsWith('has()')) {
    const [expected, write] = ['has() of one field by its name', "has(body.x), or 'a-b' in body"];
    return new ExpressionFlaw('syntax', range, { expected, found: shortened(harmless(part), SHOWN), write });
  }
  if (thrown instanceof TypeError) {
    const found = withoutFound(shownTypes(summary, body));
    return new ExpressionFlaw('type', range, {
      expected: 'operands and arguments that fit',
      found,
      write: `another ${part === '' ? 'expression' : 'type'}: double(), int() and string() convert`,
    });
  }
  const character = summary.startsWith('Unexpected character') ? text.codePointAt(range.start) : undefined;
  const found = character === undefined ? summary : `the character ${String.fromCodePoint(character)}`;
  return new ExpressionFlaw('syntax', range, {
    expected: 'an expression of CEL',
    found: harmless(found.toWellFormed()),
    write: "one such as body.kind == 'alert' && body.speed > 3.0",
  });
}

function unknownVariable(
  name: string,
  range: { readonly start: number; readonly end: number },
  { grammar, label }: ExpressionUse,
): ExpressionFlaw {
  const words = new Set(['body', 'header', 'key', 'address', grammar.word, 'id', 'timestamp', 'now']);
  if (label !== undefined) words.add('label');
  if (name === 'label') {
    return new ExpressionFlaw('variable', range, {
      expected: 'a file with labels: where an expression reads label',
      found: 'label, and none',
      write: 'labels: in the file, or nothing of label',
    });
  }
  const near = nearestName(name, words);
  return new ExpressionFlaw('variable', range, {
    expected: `a variable: ${[...words].join(', ')}`,
    found: shortened(name, SHOWN),
    write: near ?? `body.${name} for a field of the body`,
  });
}

function unknownFieldOf(
  { summary, node }: ParseError | TypeError,
  range: { readonly start: number; readonly end: number },
  body: BodyType,
): ExpressionFlaw {
  const holder = heldType(node);
  const isOpen = body.maps.find((map) => map.name === holder)?.isOpen === true;
  return unknownField(summary.slice(summary.indexOf(': ') + 2), range, body, !isOpen);
}

/**
 * Compiles one expression. The library has no code generation; each variable is read only where the text names it. Throws
 * ExpressionFlaw.
 */
export function compileExpression(text: string, use: ExpressionUse, patternOf: PatternOf): Expression {
  const { parsed, nodes } = prepare(text, use, patternOf);
  const budget = new Budget();
  countRounds(nodes, budget.spend);
  const read = variableReader(nodes, use);
  const failed = (found: string, at?: number): SluiceError => {
    const place = at === undefined ? { line: 1, column: 1 } : positionIn(text, at);
    const shown = shortened(text.trim().replaceAll(/\s+/g, ' '), SHOWN);
    const where = `${place.line}:${place.column}`;
    return new SluiceError(
      'EXPRESSION_FAILED',
      `expected a value of the expression ${shown}, found ${found}, at ${where} in it`,
    );
  };
  const failure = (found: string): SluiceError => failed(found);
  const { result } = use;
  // A list of the body itself holds what a body holds. One that is made may hold integers and times of CEL, and one value twice.
  const isField = nodes.every(({ op, args }) => op === '.' || (op === 'id' && args === 'body'));
  return {
    text,
    evaluate(message) {
      let value: unknown;
      budget.begin();
      try {
        value = parsed(read(message));
      } catch (thrown) {
        const found = budget.overspent ?? reasonOf(thrown);
        throw failed(found, thrown instanceof EvaluationError ? thrown.range?.start : undefined);
      }
      if (budget.overspent !== undefined) throw failed(budget.overspent);
      if (result === 'bool') {
        if (typeof value === 'boolean') return value;
        throw failed(`${kindOf(value)} instead of true or false`);
      }
      if (result === 'list') {
        if (!Array.isArray(value)) throw failed(`${kindOf(value)} instead of a list`);
        return isField ? value : bodyValue(value, use, failure);
      }
      if (result === 'text') {
        if (typeof value === 'string') return value;
        throw failed(`${kindOf(value)} instead of a text`);
      }
      return bodyValue(value, use, failure);
    },
  };
}

/** Checks one expression. Throws ExpressionFlaw. `body`: the type of the body where a schema stands before. */
export function checkExpression(text: string, use: ExpressionUse, patternOf: PatternOf, body?: BodyType): void {
  prepare(text, use, patternOf);
  if (body !== undefined) prepare(text, use, patternOf, body);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : typeof value === 'bigint' ? 'a number' : `a ${typeof value}`;
}

/** In words that hold no value of the message: the library's own texts may. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof EvaluationError)) {
    return thrown instanceof RangeError ? 'a value that is too large' : 'a value that a function does not take';
  }
  const { code, summary } = thrown;
  // These two name types.
  if (code === 'no_such_overload' || code === 'no_matching_overload') {
    return withoutFound(summary.replaceAll(/dyn<(\w+)>/g, '$1'));
  }
  return REASONS[code] ?? code.replaceAll('_', ' ');
}

/** Some texts of the library begin with the word that stands before them here. */
function withoutFound(text: string): string {
  return text.replace(/^found /, '');
}

const REASONS: Readonly<Record<string, string>> = {
  no_such_key: 'no such field, which has() asks for',
  unknown_variable: 'no value for a variable',
  numeric_overflow: 'a number beyond 64 bits',
};
