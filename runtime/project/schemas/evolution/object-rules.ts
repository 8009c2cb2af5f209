import { asList, asMap } from '#kit/json-value.ts';
import type { Breach, Reasoner, Rule } from './breach.ts';
import { VAGUE } from './array-rules.ts';
import { binds, type Closing, matches, propertyClosings } from './closings.ts';
import { type Conjunction, isInherited, meet, requiredNames } from './conjunction.ts';
import { isNever, knownNames, mostProperties } from './empty.ts';
import { nameOf, namePatterns, otherProperty, property } from './members.ts';
import { childOf, condition, judge, type Place } from './place.ts';
import { leastSize, mostSize } from './scalar-rules.ts';
import { sizeOf, textsOf } from './sizes.ts';
import { patternSamples } from './pattern-samples.ts';
import { pointerTo } from '#kit/pointer.ts';

/** The most patterns of names whose combinations are compared. */
const MOST_PATTERNS = 6;
const INHERITED = 'the validator takes the names that every JavaScript object has for properties of each document';

const required: Rule = (all, reader, held, reasoner) => {
  const present = requiredNames(all.places);
  return asList(held)
    .filter((name) => !present.has(String(name)))
    .map((name) => ({
      ...reasoner.breach('required-added', 'required', all, reader, inherited(name)),
      at: pointerTo('', String(name)),
    }));
};

function inherited(name: unknown): { readonly unknown?: string } {
  return isInherited(name) ? { unknown: INHERITED } : {};
}

const properties: Rule = (all, reader, held, reasoner) =>
  Object.keys(asMap(held)).flatMap((name) => {
    const then = childOf(reader, 'properties', name);
    if (then === undefined || then.schema === true) return [];
    if (isInherited(name)) return [reasoner.breach('property-narrowed', 'properties', all, reader, inherited(name))];
    return namedBreaches(all, reader, name, then, reasoner);
  });

function namedBreaches(
  all: Conjunction,
  reader: Place,
  name: string,
  then: Place,
  reasoner: Reasoner,
): readonly Breach[] {
  if (isNever(all, name)) return [];
  return reasoner.within(property(all, name), then, true).map((inner) => ({
    ...inner,
    at: pointerTo('', name) + inner.at,
    documents: () => reasoner.embedded(all, reader, { property: name }, inner.documents()),
  }));
}

const patternProperties: Rule = (all, reader, held, reasoner) =>
  Object.keys(asMap(held)).flatMap((pattern) => {
    const then = childOf(reader, 'patternProperties', pattern);
    if (then === undefined || then.schema === true) return [];
    const named = knownNames([...all.places, reader]).filter((name) => matches(pattern, name));
    return [
      ...named.flatMap((name) => namedBreaches(all, reader, name, then, reasoner)),
      ...otherBreaches(all, reader, then, 'patternProperties', (matched) => matched.has(pattern), reasoner),
    ];
  });

const closed =
  (word: string): Rule =>
  (all, reader, _held, reasoner) =>
    propertyClosings(reader)
      .filter((closing) => closing.word === word && closing.then.schema !== true)
      .flatMap((closing) => closingBreaches(all, reader, closing, reasoner));

function closingBreaches(all: Conjunction, reader: Place, closing: Closing, reasoner: Reasoner): readonly Breach[] {
  const { word, then, patterns, isVague } = closing;
  const named = knownNames([...all.places, reader]).filter((name) => binds(closing, name));
  const isOther = (matched: ReadonlySet<string>): boolean => ![...patterns].some((pattern) => matched.has(pattern));
  const found = [
    ...named.flatMap((name) => namedBreaches(all, reader, name, then, reasoner)),
    ...otherBreaches(all, reader, then, word, isOther, reasoner),
  ];
  const rule = then.schema === false ? 'closed' : undefined;
  return found.map((one) => ({
    ...one,
    ...(rule !== undefined && { rule, keyword: word }),
    ...(isVague && { unknown: VAGUE }),
  }));
}

/**
 * The properties whose names no schema has. Which patterns match such a name decides what holds for its value: every
 * combination is taken for possible.
 */
function otherBreaches(
  all: Conjunction,
  reader: Place,
  then: Place,
  word: string,
  isOfConcern: (matched: ReadonlySet<string>) => boolean,
  reasoner: Reasoner,
): readonly Breach[] {
  const patterns = [...new Set([...namePatterns(all.places), ...namePatterns([reader]), ...closedPatterns(reader)])];
  if (patterns.length > MOST_PATTERNS)
    return [
      reasoner.breach('property-narrowed', word, all, reader, { unknown: 'there are too many patterns of names' }),
    ];
  for (let bits = 0; bits < 2 ** patterns.length; bits += 1) {
    const matched = new Set(patterns.filter((_, index) => Math.floor(bits / 2 ** index) % 2 === 1));
    if (!isOfConcern(matched) || !mayBeNamed(all, matched, reasoner)) continue;
    const inner = reasoner.within(otherProperty(all, matched), then, true);
    if (inner.length > 0)
      return inner.map((one) => ({
        ...one,
        at: `/*${one.at}`,
        documents: () => {
          const values = one.documents();
          const names = ['other', 'x', 'X-1', ...[...matched].flatMap((pattern) => patternSamples(pattern, [1, 2, 4]))];
          return names.flatMap((name) => reasoner.embedded(all, reader, { property: name }, values)).slice(0, 2);
        },
      }));
  }
  return [];
}

function closedPatterns(reader: Place): readonly string[] {
  return propertyClosings(reader).flatMap(({ patterns }) => [...patterns]);
}

/** Whether a name that no schema has, and that these patterns match, may exist. */
function mayBeNamed(all: Conjunction, matched: ReadonlySet<string>, reasoner: Reasoner): boolean {
  if (reasoner.isEmpty(otherProperty(all, matched))) return false;
  const names = nameOf(all);
  // A name that the schema of names demands to match does match.
  if ([...textsOf(names.places, 'pattern')].some((pattern) => !matched.has(pattern))) return false;
  return !reasoner.isEmpty(names);
}

const names: Rule = (all, reader, _held, reasoner) => {
  const wanted = childOf(reader, 'propertyNames');
  if (wanted === undefined) return [];
  const refused = knownNames(all.places).filter((name) => !isNever(all, name) && judge(wanted, name) !== true);
  const found: Breach[] = refused.map((name) => ({
    ...reasoner.breach('names-narrowed', 'propertyNames', all, reader),
    at: pointerTo('', name),
  }));
  const patterns = namePatterns(all.places).slice(0, MOST_PATTERNS);
  for (let bits = 0; bits < 2 ** patterns.length; bits += 1) {
    const matched = new Set(patterns.filter((_, index) => Math.floor(bits / 2 ** index) % 2 === 1));
    if (namePatterns(all.places).length <= MOST_PATTERNS && !mayBeNamed(all, matched, reasoner)) continue;
    const named = meet(nameOf(all), ...[...matched].map((pattern) => condition({ pattern })));
    const inner = reasoner.within(named, wanted, true);
    if (inner.length > 0)
      return [...found, { ...reasoner.breach('names-narrowed', 'propertyNames', all, reader), at: '/*' }];
  }
  return found;
};

/** `dependentRequired`, `dependentSchemas` and `dependencies`: what holds of the objects that have the property. */
const dependent =
  (word: string): Rule =>
  (all, reader, held, reasoner) =>
    Object.entries(asMap(held)).flatMap(([name, needed]) => {
      if (isInherited(name)) return [reasoner.breach('dependent-added', word, all, reader, inherited(name))];
      const having = meet(all, condition({ type: 'object' }), condition({ required: [name] }));
      if (reasoner.isEmpty(having)) return [];
      const schema = Array.isArray(needed) ? undefined : childOf(reader, word, name);
      if (schema !== undefined) return reasoner.within(having, schema, false);
      const present = requiredNames(having.places);
      return asList(needed)
        .filter((one) => !present.has(String(one)))
        .map((one) => ({
          ...reasoner.breach('dependent-added', word, having, reader, inherited(one)),
          at: pointerTo('', String(one)),
        }));
    });

export const OBJECT_RULES: Readonly<Record<string, Rule>> = {
  required,
  properties,
  patternProperties,
  additionalProperties: closed('additionalProperties'),
  unevaluatedProperties: closed('unevaluatedProperties'),
  propertyNames: names,
  minProperties: leastSize('minProperties', ({ places }) =>
    Math.max(sizeOf(places, 'minProperties', 'maxProperties').least, requiredNames(places).size),
  ),
  maxProperties: mostSize('maxProperties', (all) => mostProperties(all)),
  dependentRequired: dependent('dependentRequired'),
  dependentSchemas: dependent('dependentSchemas'),
  dependencies: dependent('dependencies'),
};
