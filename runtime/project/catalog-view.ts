import type { Bus, BusContext, EndOptions, Guarantees, OptionFlaw } from '#contract/bus.ts';
import type { Spelling } from '#contract/carried-headers.ts';
import type { Reach } from '#contract/reach.ts';
import type { CodecKind } from '#contract/codec.ts';

/** A JSON Schema, draft-07. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What the checker asks of a bus driver. It hands over only options that the driver's own schemas passed. */
export interface BusWords extends Pick<
  Bus,
  'name' | 'grammar' | 'connectionSchema' | 'sourceSchema' | 'sinkSchema' | 'addressOptions' | 'readsHeader'
> {
  sourceGuarantees(options: EndOptions<object, object>): Guarantees;
  sinkGuarantees(options: EndOptions<object, object>): Guarantees;
  spelling?(options: EndOptions<object, object>): Spelling;
  servers(connection: object): readonly string[];
  reads(options: EndOptions<object, object>, place: Pick<BusContext, 'pipeline' | 'route'>): readonly Reach[];
  writes(options: EndOptions<object, object>): readonly string[];
  flaws(connection: object, end: { from: object } | { to: object }): readonly OptionFlaw[];
}

/** The members of a stage kind that the checker, the spec and `explain` read (stages/kind.ts). */
export interface StageWords {
  /** The one key that makes a stage this stage: `function`. */
  readonly verb: string;
  /** Which folder of the project the value names a file of; undefined where `value` judges the value. */
  readonly names?: 'function' | 'schema';
  readonly value?: JsonSchema;
  /** The keys that may stand beside the verb, draft-07, `additionalProperties: false`. */
  readonly schema: JsonSchema & { readonly properties: Readonly<Record<string, unknown>> };
  readonly changesBody: boolean;
  readonly runsCode?: boolean;
  readonly mayDrop?: boolean;
  /** One line for editors. */
  readonly description?: string;
  /** What no schema can say of the options as they are written. */
  flaws?(options: Readonly<Record<string, unknown>>): readonly {
    readonly option: string;
    readonly expected: string;
    readonly found: string;
    readonly write: string;
  }[];
  explain?(stage: {
    readonly name: string;
    readonly value: unknown;
    readonly options: Readonly<Record<string, unknown>>;
  }): Readonly<Record<string, string>>;
}

/** Everything that a pipeline file can name. The catalog is one; a bundle brings only what its pipeline names. */
export interface Vocabulary {
  readonly buses: ReadonlyMap<string, BusWords>;
  readonly stages: ReadonlyMap<string, StageWords>;
  readonly codecs: ReadonlyMap<string, Pick<CodecKind, 'name' | 'hasFields'>>;
}
