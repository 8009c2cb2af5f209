import type { Rule } from './breach.ts';
import { allOf, branchesOf, meet } from './conjunction.ts';
import { childOf, keyword, type Place, refutationOf } from './place.ts';
import { isSame } from './same.ts';

/** Listed values, where those of the writer are too many to try each. */
const listed =
  (word: string): Rule =>
  (all, reader, _held, reasoner) => [reasoner.breach('enum-shrunk', word, all, reader)];

const anyOf: Rule = (all, reader, _held, reasoner) => {
  const branches = branchesOf(reader, 'anyOf');
  if (branches.length < 2) return [];
  if (branches.some((branch) => reasoner.within(all, branch, false).length === 0)) return [];
  const possible = branches.filter((branch) => !reasoner.isEmpty(meet(all, branch)));
  const [only, ...others] = possible;
  // All documents that fit any branch fit this one.
  if (only !== undefined && others.length === 0) return reasoner.within(all, only, false);
  return [reasoner.breach('choice-narrowed', 'anyOf', all, reader)];
};

/** One branch fits every document, and no document fits another one. */
const oneOf: Rule = (all, reader, _held, reasoner) => {
  const branches = branchesOf(reader, 'oneOf');
  if (branches.length < 2) return [];
  const possible = branches.filter((branch) => !reasoner.isEmpty(meet(all, branch)));
  const [only, ...others] = possible;
  if (only !== undefined && others.length === 0) return reasoner.within(all, only, false);
  const unknown = 'whether a document fits one branch alone is not decided';
  return [reasoner.breach('choice-narrowed', 'oneOf', all, reader, only === undefined ? {} : { unknown })];
};

const not: Rule = (all, reader, _held, reasoner) => {
  const refused = childOf(reader, 'not');
  if (refused === undefined || reasoner.isEmpty(meet(all, refused))) return [];
  const refusals = all.places.flatMap((place) => place.refuted ?? childOf(place, 'not') ?? []);
  // What the reader refuses is part of what the writer refuses.
  if (refusals.some((one) => reasoner.within(allOf([refused]), one, false).length === 0)) return [];
  const unknown = 'whether no document fits what is refused is not decided';
  return [reasoner.breach('not-added', 'not', all, reader, { unknown })];
};

const condition: Rule = (all, reader, _held, reasoner) => {
  const test = childOf(reader, 'if');
  if (test === undefined) return [];
  const [then, otherwise] = [childOf(reader, 'then'), childOf(reader, 'else')];
  const isRefuted = all.places.some(({ refuted }) => refuted !== undefined && isSame(refuted, test));
  const fitting = meet(all, test);
  const yes = then === undefined || isRefuted || reasoner.isEmpty(fitting) ? [] : reasoner.within(fitting, then, false);
  const alwaysFits = otherwise === undefined || reasoner.within(all, test, false).length === 0;
  const no = alwaysFits ? [] : reasoner.within(meet(all, refutationOf(test)), otherwise, false);
  return [...yes, ...no];
};

export const CHOICE_RULES: Readonly<Record<string, Rule>> = {
  enum: listed('enum'),
  const: listed('const'),
  anyOf,
  oneOf,
  not,
  if: condition,
};

/** Keywords that the rule of another one reads, or that the flattening of a schema has followed. */
export const READ_ELSEWHERE: ReadonlySet<string> = new Set(
  'type nullable allOf then else minContains maxContains'.split(' '),
);

/** `formatMinimum` and the like, which mean something beside a format alone. */
export const FORMAT_LIMITS: ReadonlySet<string> = new Set(
  'formatMinimum formatMaximum formatExclusiveMinimum formatExclusiveMaximum'.split(' '),
);

/** Limits of formats are compared by equality. */
export const formatLimit =
  (word: string): Rule =>
  (all, reader, held, reasoner) => {
    const isKept = (place: Place): boolean =>
      keyword(place, word) === held && keyword(place, 'format') === keyword(reader, 'format');
    if (all.places.some(isKept)) return [];
    return [reasoner.breach('bound-tightened', word, all, reader, { unknown: 'limits of formats are not compared' })];
  };
