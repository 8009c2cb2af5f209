import type { Expression, ExpressionResult } from './expression.ts';
import type { LabelRules } from './label-rules.ts';
import type { Log } from './log.ts';
import type { Stage } from './stage.ts';
import type { Transform } from './transform.ts';
import type { Validator } from './validator.ts';

/** Where something was thrown, in the integrator's own files. */
export interface ThrownPlace {
  /** `functions/x.ts:12:5`. Undefined where it cannot be known. */
  readonly position: string | undefined;
  /** The stack, in the files as they were written. */
  readonly stack: string | undefined;
}

/** A function file, loaded. */
export interface LoadedFunction {
  readonly transform: Transform;
  explain(thrown: unknown): ThrownPlace;
  /** Puts its module where another thread can import it. Each thread has one of its own. */
  home(): Promise<FunctionHome>;
}

/** A module that exports `functions`, by name, on the way into a thread. */
export interface FunctionHome {
  readonly url: string;
  /** Reads what was thrown there. */
  explain(thrown: unknown): ThrownPlace;
  /** The thread has imported it, or is gone. */
  close(): Promise<void>;
}

/** One wrong combination of a stage's options. */
export interface StageFlaw {
  readonly option: string;
  /** The place within the option's value. */
  readonly path?: readonly (string | number)[];
  readonly expected: string;
  readonly found: string;
  readonly write: string;
}

/** The parts of one stage of a checked route. */
export interface StageParts {
  readonly pipeline: string;
  readonly route: string;
  /** For what the code of an integrator logs. */
  readonly log: Log;
  /** The label rules of the route; undefined where the file names no policy. */
  readonly labels: LabelRules | undefined;
  /** Whether bodies may hold integers as bigints. */
  readonly hasBigints: boolean;
  /** The file that the value names; of a kind that names none, the position in the route. The stage's name is `VERB NAME`. */
  readonly name: string;
  /** Whether the stage writes the name of the schema that a body fits into its header `schema`. */
  readonly stamps?: boolean;
  /** The value behind the verb, references resolved. */
  readonly value: unknown;
  /** The keys beside the verb, defaults filled in; durations are text. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly functions: ReadonlyMap<string, LoadedFunction>;
  readonly validators: ReadonlyMap<string, Validator>;
  /** Compiles an expression that `expressions` of the kind names. */
  readonly expression: (text: string, result: ExpressionResult) => Expression;
  /** The stage of an open guard; absent where the pipeline has none. */
  readonly guard?: ((name: string) => Stage | undefined) | undefined;
}

/** An expression within a stage. */
export interface StageExpression {
  /** The keys from the stage to its text. */
  readonly path: readonly string[];
  readonly text: string;
  readonly result: ExpressionResult;
}

/** A field of the body that a stage names as it comes in: names with dots between them. */
export interface StageField {
  /** The keys from the stage to the name. */
  readonly path: readonly (string | number)[];
  readonly field: string;
}

/** A file of the project that a stage names. */
export interface NamedFile {
  readonly kind: 'function' | 'schema';
  /** Without its ending. */
  readonly name: string;
  /** The place of the name in the stage. */
  readonly path: readonly (string | number)[];
  /** Of a function: the schemas of its argument and its result, where the stage itself decides them. */
  readonly between?: StageSchemas;
}

/** Names of schemas: a body fits one of them. None: no schema describes it. */
export interface StageSchemas {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The value behind the verb: the name of a file of the project, a value of the kind's own, or either of both. */
export type StageValue =
  | {
      /** The folder of the project that holds the file. */
      readonly names: 'function' | 'schema';
      /** Beside `names`: the other value that the kind takes. `form` tells which one a stage has. */
      readonly value?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly names?: never;
      /** JSON Schema, draft-07, of the value. It may come by reference (`env:NAME`). */
      readonly value: Readonly<Record<string, unknown>>;
    };

/**
 * One verb of the pipeline file's stages. Everything that check, explain, the published schema, docs/stages.md and the running route
 * need of it is a member: a new kind is one file and one line of the catalog (docs/adding-a-stage.md).
 */
export type StageKind = StageValue & {
  readonly verb: string;
  /** The keys that may stand beside the verb: JSON Schema, draft-07. A `timeout` bounds one run for the event-loop watchdog too. */
  readonly schema: Readonly<Record<string, unknown>> & { readonly properties: Readonly<Record<string, unknown>> };
  /** False when it returns the body it was given, unaltered: a route of such stages forwards the source's own bytes. */
  readonly changesBody: boolean;
  /** Whether its results are sealed messages (`Message.sealed`): the route sends no others then. */
  readonly seals?: boolean;
  /** Whether it runs code of the integrator, which may await anything and reach the network. */
  readonly runsCode?: boolean;
  /** Whether it may end a message on purpose (`Dropped`): `verify` then reads the bridge's counters before it reports a loss. */
  readonly mayDrop?: boolean;
  /** Options that hold names of files too: no value in them comes by reference. */
  readonly namesIn?: readonly string[];
  /** One line for editors and for docs/stages.md. */
  readonly description: string;
  /** The page of docs/ with the details. */
  readonly page?: string;
  /**
   * Faults that no schema can express. `options`: the stage as it is written, its verb included, without defaults. A flaw whose option is the verb
   * is WRONG_VALUE, any other OPTIONS_CONFLICT.
   */
  flaws?(options: Readonly<Record<string, unknown>>): readonly StageFlaw[];
  /** The kind as this stage has it, where its members depend on how it is written. `stage`: as in `flaws`. */
  form?(stage: Readonly<Record<string, unknown>>): StageKind;
  /** All files that the stage names, in any state of correctness. Absent: the one behind the verb. */
  files?(stage: Readonly<Record<string, unknown>>): readonly NamedFile[];
  /** Of a stage that judges bodies: the schemas that it takes, and those that the bodies behind it fit. */
  schemas?(stage: Readonly<Record<string, unknown>>): StageSchemas;
  /** The expressions of a stage as it is written, for `check` and for the loading of their language. */
  expressions?(stage: Readonly<Record<string, unknown>>): readonly StageExpression[];
  /** The fields of the body that a stage names beside its expressions, for `check`, where a schema says what the body has. */
  fields?(stage: Readonly<Record<string, unknown>>): readonly StageField[];
  /** Whether its results are the elements of a list, which its only expression yields. */
  readonly makesElements?: boolean;
  /** Rows of `explain`: an event, as it reads behind "when", and its effect on the messages of the route. */
  explain?(stage: Pick<StageParts, 'name' | 'value' | 'options'>): Readonly<Record<string, string>>;
  /** Throws INTERNAL when the parts lack what the checked file names. */
  make(parts: StageParts): Stage;
};
