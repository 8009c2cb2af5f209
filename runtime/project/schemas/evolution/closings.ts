import { isMap, asList } from '#kit/json-value.ts';
import { branchesOf } from './conjunction.ts';
import { patternOf } from '../pattern/pattern.ts';
import { childOf, isSeventh, keyword, type Place } from './place.ts';

/** What a place says of the members that nothing else in it describes: of properties, or of items. */
export interface Closing {
  readonly place: Place;
  readonly word: string;
  readonly then: Place;
  readonly names: ReadonlySet<string>;
  readonly patterns: ReadonlySet<string>;
  /** The items from this one on. */
  readonly from: number;
  /** Whether branches that may hold or not describe further members. */
  readonly isVague: boolean;
}

/** `additionalProperties`, and `unevaluatedProperties` as far as the unconditional parts of the place tell. */
export function propertyClosings(place: Place): readonly Closing[] {
  const closings: Closing[] = [];
  const additional = childOf(place, 'additionalProperties');
  const own = { names: namesIn(place, 'properties'), patterns: namesIn(place, 'patternProperties'), from: 0 };
  if (additional !== undefined)
    closings.push({ place, word: 'additionalProperties', then: additional, ...own, isVague: false });
  const rest = childOf(place, 'unevaluatedProperties');
  if (rest === undefined) return closings;
  const { always, isVague } = evaluating(place);
  const describesAll = always.some((part) =>
    ['additionalProperties', 'unevaluatedProperties'].some(
      (word) => keyword(part, word) !== undefined && (part !== place || word === 'additionalProperties'),
    ),
  );
  if (describesAll) return closings;
  const names = new Set(always.flatMap((part) => [...namesIn(part, 'properties')]));
  const patterns = new Set(always.flatMap((part) => [...namesIn(part, 'patternProperties')]));
  return [...closings, { place, word: 'unevaluatedProperties', then: rest, names, patterns, from: 0, isVague }];
}

/** `items` behind a tuple, `additionalItems`, and `unevaluatedItems` as far as the unconditional parts tell. */
export function itemClosings(place: Place): readonly Closing[] {
  const closings: Closing[] = [];
  const none = { names: new Set<string>(), patterns: new Set<string>() };
  const tuple = tupleWord(place);
  const from = tuple === undefined ? 0 : asList(keyword(place, tuple)).length;
  const word = tuple === 'items' ? 'additionalItems' : 'items';
  const then = childOf(place, word);
  if (then !== undefined) closings.push({ place, word, then, ...none, from, isVague: false });
  const rest = childOf(place, 'unevaluatedItems');
  if (rest === undefined) return closings;
  const { always, isVague } = evaluating(place);
  const describesAll = always.some((part) => {
    const words = ['items', 'additionalItems', ...(part === place ? [] : ['unevaluatedItems'])];
    return words.some((one) => childOf(part, one) !== undefined);
  });
  if (describesAll) return closings;
  const longest = Math.max(...always.map((part) => asList(keyword(part, 'prefixItems')).length));
  const holds = always.some((part) => keyword(part, 'contains') !== undefined);
  const closing = { place, word: 'unevaluatedItems', then: rest, ...none, from: longest, isVague: isVague || holds };
  return [...closings, closing];
}

/** The keyword that holds the tuple of a place. */
export function tupleWord(place: Place): 'items' | 'prefixItems' | undefined {
  const word = isSeventh(place) ? 'items' : 'prefixItems';
  return Array.isArray(keyword(place, word)) ? word : undefined;
}

/** The parts of a place that always describe members, and whether others may. */
function evaluating(place: Place): { always: readonly Place[]; isVague: boolean } {
  const always = new Set<Place>();
  const keys = new Set<string>();
  const queue = [place];
  let isVague = false;
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    if (keys.has(part.key)) continue;
    keys.add(part.key);
    always.add(part);
    const reference = keyword(part, '$ref');
    const target = typeof reference === 'string' ? part.side?.target(part, reference) : undefined;
    if (reference !== undefined && target === undefined) isVague = true;
    if (target !== undefined) queue.push(target);
    queue.push(...branchesOf(part, 'allOf'));
    const words = ['anyOf', 'oneOf', 'if', 'not', 'dependentSchemas', 'dependencies', '$dynamicRef'];
    const { schema } = part;
    if (isMap(schema) && words.some((word) => schema[word] !== undefined)) isVague = true;
  }
  return { always: [...always], isVague };
}

function namesIn(place: Place, word: string): ReadonlySet<string> {
  const held = keyword(place, word);
  return new Set(isMap(held) ? Object.keys(held) : []);
}

/** Whether the closing binds the property. As the validator, it takes a name that a pattern matches for described. */
export function binds({ names, patterns }: Closing, name: string): boolean {
  return !names.has(name) && ![...patterns].some((pattern) => matches(pattern, name));
}

export function matches(pattern: string, name: string): boolean {
  return patternOf(pattern, 'u').test(name);
}
