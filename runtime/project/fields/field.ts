import type { StageKind } from '#contract/stage-kind.ts';
import type { Bus, Guarantees } from '#contract/bus.ts';
import type { TrafficClass } from '#contract/traffic-class.ts';
import type { PlainMap } from '#kit/json-value.ts';
import type { FindingList } from '../check/finding-list.ts';
import type { JsonSchema } from '../json-schema.ts';

/** An end of a route with valid options, for which the driver can be asked for its guarantees. */
export interface JudgedEnd {
  readonly bus: Bus;
  readonly connectionAt: string;
  readonly connection: PlainMap;
  readonly at: string;
  readonly end: PlainMap;
}

/** A route that is being checked: its words and the guarantees of its ends. */
export interface RouteSite {
  /** Pointer to the route. */
  readonly at: string;
  readonly route: PlainMap;
  readonly findings: FindingList;
  /** The reference at this pointer, if the value came by one. */
  readonly written: (at: string) => string | undefined;
  /** Undefined where that end has an error. */
  readonly source: Guarantees | undefined;
  readonly sink: Guarantees | undefined;
  /** The sink; undefined where its options have an error. */
  readonly sinkEnd: JudgedEnd | undefined;
  /** Pointer to the sink, and its name: a route with a list is checked once for each of its sinks. */
  readonly sinkAt: string;
  readonly sinkName: string;
}

/** The parts of a route that the explanation of a word may depend on, beside the word itself. */
export interface ExplainedRoute {
  readonly class: TrafficClass;
  readonly stages: readonly { readonly kind: StageKind }[];
  readonly source: Guarantees;
  readonly sink: Guarantees;
  readonly namesId: boolean;
  readonly timestamp: { readonly unit: 's' | 'ms' | 'us' | 'ns' | undefined } | undefined;
  /** The destination of dead letters, in words. */
  readonly letters: string;
}

/** The effects of faults on messages, by fault. */
export type Effects = Readonly<Record<string, string>>;

/**
 * One word of the pipeline file. Reader, schema, docs page, check and `explain` are made of these entries: a word that is
 * in no table is unknown. `Context` is the input of `parse` beside the map that holds the word.
 */
export interface Field<Spec extends object, Context> {
  readonly schema: JsonSchema;
  /** The spec members that the word yields, default filled in. `holder` was checked. */
  parse(holder: PlainMap, context: Context): Spec;
  /** Findings that no schema can give. */
  check?(site: RouteSite): void;
  /** The faults that the word governs, with their effects. */
  explain?(spec: Spec, route: ExplainedRoute): Effects;
  /** The item of docs/pipeline-file.md, without its dash. */
  readonly doc: string;
  /** The words of the map that this word takes; the page lists them beneath it. */
  readonly fields?: Fields<never>;
}

/** A word within the map of another word, which holds the check and the explanation of both. */
type NestedField<Spec extends object, Context> = Pick<Field<Spec, Context>, 'schema' | 'parse' | 'doc'>;

/** Any table of words. */
export type Fields<Context> = Readonly<Record<string, Field<object, Context>>>;

type Both<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The spec of a map that is made of the words of a table. */
export type Parsed<Table extends Readonly<Record<string, { parse(holder: PlainMap, context: never): object }>>> = Both<
  ReturnType<Table[keyof Table]['parse']>
>;

/** Declares one entry; its type keeps what `parse` returns. */
export function field<Spec extends object, Context = unknown>(entry: Field<Spec, Context>): Field<Spec, Context> {
  return entry;
}

export function nestedField<Spec extends object, Context = unknown>(
  entry: NestedField<Spec, Context>,
): NestedField<Spec, Context> {
  return entry;
}

/** Reads every word of a table; the members of all come into one object. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- a table that a test adds a word to yields more than its type shows
export function parseFields<Spec, Context>(fields: Fields<Context>, holder: PlainMap, context: Context): Spec {
  const members = Object.values(fields).flatMap((entry) => Object.entries(entry.parse(holder, context)));
  // oxlint-disable-next-line no-unsafe-type-assertion -- each entry yields its own members, as `Parsed` adds them up
  return Object.fromEntries(members) as Spec;
}

/** Reads the map of a word, by the table of its words. */
export function parseMap<Table extends Fields<Context>, Context>(
  table: Table,
  map: PlainMap,
  context: Context,
): Readonly<Parsed<Table>> {
  return parseFields(table, map, context);
}

/** The schema of a map that has the words of a table and no others. `keywords` stand beside them. */
export function mapSchema(fields: Fields<never>, keywords: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: false, ...keywords, properties: schemasOf(fields) };
}

export function schemasOf(fields: Fields<never>): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(Object.entries(fields).map(([word, { schema }]) => [word, schema]));
}
