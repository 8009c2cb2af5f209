import { isDeepStrictEqual } from 'node:util';
import { allOf } from './conjunction.ts';
import type { Breach } from './breach.ts';
import { Decision } from './decide.ts';
import { judge, type Place, SchemaSide } from './place.ts';
import { DYNAMIC } from './same.ts';
import { type SchemaFile, SchemaNames } from '../schema-names.ts';
import { schemasIn } from '../schema-walk.ts';

/** One schema with the files that it may refer to. */
export interface SchemaVersion {
  readonly name: string;
  readonly files: readonly SchemaFile[];
}

/** A reason why a document that the writer's schema accepts may be refused by the reader's. */
export interface Difference extends Omit<Breach, 'documents'> {
  /** A document that the writer's schema accepts and the reader's refuses; absent where none was found. */
  readonly example?: unknown;
}

/**
 * `yes`: each document of the writer's schema fits the reader's. `no`: there is one that does not, and it is an example of a
 * difference. `unknown`: neither is shown; the differences say where.
 */
export interface Compatibility {
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly differences: readonly Difference[];
}

/** `backward`: the new schema reads what was written with the old one; `forward`: the reverse. */
export interface Comparison {
  readonly backward: Compatibility;
  readonly forward: Compatibility;
}

/** Throws BrokenSchema, UnsafePatterns, or the error of ajv where one of the two cannot be compiled. */
export function compareSchemas(older: SchemaVersion, newer: SchemaVersion): Comparison {
  const before = new SchemaSide('old', older.files).root(older.name);
  const after = new SchemaSide('new', newer.files).root(newer.name);
  const dynamic = dynamicKeyword(older) ?? dynamicKeyword(newer);
  if (dynamic !== undefined) {
    const verdict = isDeepStrictEqual(referred(older), referred(newer)) ? YES : notRead(dynamic);
    return { backward: verdict, forward: verdict };
  }
  return { backward: verdictOf(before, after), forward: verdictOf(after, before) };
}

const YES: Compatibility = { answer: 'yes', differences: [] };

function referred({ name, files }: SchemaVersion): readonly SchemaFile['schema'][] {
  return new SchemaNames(files).withReferred([name]).map(({ schema }) => schema);
}

/** What it means depends on the way that led to it, so that no part of the schema can be judged alone. */
function dynamicKeyword(version: SchemaVersion): { readonly word: string; readonly at: string } | undefined {
  for (const schema of referred(version)) {
    for (const [at, held] of schemasIn(schema)) {
      const word = Object.keys(held).find((one) => DYNAMIC.has(one));
      if (word !== undefined) return { word, at: `${version.name}.json#${at}/${word}` };
    }
  }
  return undefined;
}

function notRead({ word, at }: { readonly word: string; readonly at: string }): Compatibility {
  const unknown = 'the comparison does not read this keyword';
  return {
    answer: 'unknown',
    differences: [{ rule: 'keyword', keyword: word, writer: at, reader: at, at: '', unknown }],
  };
}

function verdictOf(writer: Place, reader: Place): Compatibility {
  const breaches = new Decision().within(allOf([writer]), reader, false);
  if (breaches.length === 0) return YES;
  const differences = eachOnce(breaches).map(({ documents, ...breach }): Difference => {
    const [example] = documents().filter((one) => judge(writer, one) === true && judge(reader, one) === false);
    return { ...breach, ...(example !== undefined && { example }) };
  });
  const shown = differences.filter(({ example }) => example !== undefined);
  return {
    answer: shown.length > 0 ? 'no' : 'unknown',
    differences: [...shown, ...differences.filter((one) => !shown.includes(one))],
  };
}

/** One of each rule, place and pair of keywords; the first ones, where there are many. */
function eachOnce(breaches: readonly Breach[]): readonly Breach[] {
  const byPlace = new Map<string, Breach>();
  for (const breach of breaches) {
    const place = [breach.rule, breach.at, breach.writer, breach.reader].join(' ');
    if (!byPlace.has(place)) byPlace.set(place, breach);
  }
  return [...byPlace.values()].slice(0, MOST_DIFFERENCES);
}

const MOST_DIFFERENCES = 50;
