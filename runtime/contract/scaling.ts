import type { RoutePlace } from './bus-spans.ts';

/** An option of a connection or of an end, by its names from the options object down. */
export interface OptionPath {
  readonly where: 'connection' | 'end';
  readonly path: readonly string[];
}

/** A value of a trigger that an option of the pipeline file holds, perhaps by reference. */
export interface OptionValue extends OptionPath {
  /** The name in the trigger's metadata. The scaler reads NAMEFromEnv too, so that the option may be `env:NAME`. */
  readonly name: string;
  readonly value: string;
}

/** A parameter of KEDA's TriggerAuthentication that an option holds, perhaps by reference. */
export interface TriggerParameter extends OptionPath {
  readonly parameter: string;
  /** The value, where all may read it; absent: it is a secret. */
  readonly value?: string;
}

/** What waits at the bus for a source, as a scaler of KEDA asks for it. */
export interface BacklogTrigger {
  /** The scaler's name. */
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Name in `metadata` of the number of waiting messages for which one process is enough. */
  readonly threshold: string;
  readonly options?: readonly OptionValue[];
  /** Parameters of KEDA's TriggerAuthentication that options hold. */
  readonly parameters?: readonly TriggerParameter[];
  /** A parameter whose secret no option holds: its name, and what it must hold, for an operator. */
  readonly ownSecret?: { readonly parameter: string; readonly text: string };
  /** For an operator, a sentence each. */
  readonly notes: readonly string[];
}

/** What a driver knows of several processes that run one route. `place`: the names of which the bus's own names are made. */
export interface BusScaling<Connection = object, From = object> {
  /** Why several processes do not divide the messages of this source, as a clause; undefined: they do. */
  undivided(options: ScalingOptions<Connection, From>): string | undefined;
  /** Options that must differ from process to process. */
  ownOptions(options: ScalingOptions<Connection, From>): readonly OptionPath[];
  /** What the source keeps in the state folder without which messages are lost or come again without a bound, as a clause. */
  keeps(options: ScalingOptions<Connection, From>): string | undefined;
  /** What a process that is taken away keeps from the others, as a clause. Absent: nothing. */
  staysBehind?(options: ScalingOptions<Connection, From>): string;
  /** How the backlog is asked; a text: why it cannot be, as a clause. */
  backlog(options: ScalingOptions<Connection, From>, place: RoutePlace): BacklogTrigger | string;
}

/** Options of a source, as for opening it. */
export interface ScalingOptions<Connection, From> {
  readonly connection: Connection;
  readonly end: From;
}
