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
  readonly expected: string;
  readonly found: string;
  readonly write: string;
}

/** What a stage is made of. */
export interface StageParts {
  readonly pipeline: string;
  readonly route: string;
  /** Whether bodies may hold integers as bigints. */
  readonly hasBigints: boolean;
  /** Of the function or schema that the pipeline file names. */
  readonly name: string;
  /** What stands beside the verb, defaults filled in; durations are text. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly functions: ReadonlyMap<string, LoadedFunction>;
  readonly validators: ReadonlyMap<string, Validator>;
}

/** One verb of the pipeline file's stages. */
export interface StageKind {
  readonly verb: string;
  /** Which folder of the project the name is looked up in. */
  readonly names: 'function' | 'schema';
  /** The keys that may stand beside the verb: JSON Schema, draft-07. */
  readonly schema: Readonly<Record<string, unknown>> & { readonly properties: Readonly<Record<string, unknown>> };
  /** False when it returns the body it was given, unaltered: a route of such stages forwards the source's own bytes. */
  readonly changesBody: boolean;
  /** One line for editors. */
  readonly description: string;
  /** What no schema can say of the options as they are written, without defaults. */
  flaws?(options: Readonly<Record<string, unknown>>): readonly StageFlaw[];
  /** Throws INTERNAL when the parts lack what the checked file names. */
  make(parts: StageParts): Stage;
}
