/** What `sluice/testing` gives of a pipeline. Types alone: a test imports them without the engine. */

/** What of a message matters to a test; the rest is as a publisher leaves it. */
export interface SendOptions {
  /** Topic, subject or queue. Needed where the routes read more than one address of the connection. */
  readonly address?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The header `seclabel`. */
  readonly label?: string;
  /** The publisher's id, by which a repetition is found. */
  readonly id?: string;
  /** When the publisher made it: a Date, milliseconds since 1970, or RFC 3339. The bus may have a time of its own instead. */
  readonly at?: Date | number | string;
  /** How long it is valid, from now on: `30s`. */
  readonly expires?: string;
  readonly contentType?: string;
  /** Only this route gets it. */
  readonly route?: string;
}

/** The source side of a connection of the file. */
export interface RehearsedSource {
  /**
   * A publisher sends a message. A Buffer or Uint8Array is the bytes themselves, null no body, anything else is written by the codec of the
   * source. Resolves once everything has happened that can happen without time going on.
   */
  send(body: unknown, options?: SendOptions): Promise<void>;
  /** The connection is lost until `restore`: a bus that keeps messages delivers the unsettled ones again, any other loses what comes. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** How many messages its routes have not settled. */
  readonly unsettled: number;
}

/** The sink side of a connection of the file. */
export interface RehearsedSink {
  /** The bus is away until `up`. What was sent and not confirmed fails, although the bus may have it. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Confirms so late: `200ms`; `0s` ends it. */
  slow(delay: string): Promise<void>;
  /** Refuses for good those messages for which `why` returns a reason; without an argument it ends. */
  refuse(why?: (message: Received) => string | undefined): Promise<void>;
  received(): readonly Received[];
}

/** A message that the bus of a sink has. */
export interface Received {
  /** Name of the connection. */
  readonly sink: string;
  readonly route: string;
  /** By the codec of the sink; the bytes where that cannot read it. */
  readonly body: unknown;
  readonly address: string;
  readonly key: string | undefined;
  /** A name with several values has a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly label: string | undefined;
  /** By which buses and readers remove duplicates: the same over retries and restarts. */
  readonly id: string | undefined;
  readonly contentType: string | undefined;
  /** Milliseconds of virtual time since the pipeline was opened. */
  readonly afterMs: number;
}

/** A message that could not be sent. */
export interface RehearsedLetter {
  readonly route: string;
  /** Such as `TRANSFORM_REJECTED`. */
  readonly code: string;
  readonly reason: string;
  readonly stage: string | undefined;
  readonly attempts: number;
  /** As it was read, by the codec of the source; the bytes where that cannot read it. */
  readonly body: unknown;
  readonly address: string;
  readonly key: string | undefined;
  readonly label: string | undefined;
  readonly id: string;
}

export interface PipelineOptions {
  /** The time at the start; 2026-01-01T00:00:00Z unless given. */
  readonly at?: Date | string;
  /** Called with each line of the bridge's log. */
  readonly log?: (line: { readonly level: string; readonly event: string; readonly fields: object }) => void;
}

/** A pipeline of the project at work: the real engine, memory in the place of each bus, and time that stands still. */
export interface RehearsedPipeline {
  readonly name: string;
  readonly file: string;
  /** By the name of the connection. */
  source(connection: string): RehearsedSource;
  /** By the name of the connection. */
  sink(connection: string): RehearsedSink;
  /** What all sinks have, in the order of its arrival. */
  received(): readonly Received[];
  /** What is in the local store of dead letters. */
  deadLetters(): readonly RehearsedLetter[];
  /** The virtual time. */
  now(): Date;
  /** Lets so much time pass, from one timer to the next: `30s`. */
  advance(duration: string): Promise<void>;
  /**
   * Lets time pass until every message has ended. Rejects where that needs more than `within` (10m unless given): the error names what
   * still waits.
   */
  settled(within?: string): Promise<void>;
  /** kill -9: what the process had in memory is gone; the buses and the state folder stay. Nothing reads until `restart`. */
  crash(): Promise<void>;
  /** Starts the process again; one that runs is stopped in order before. */
  restart(): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What `crashEverywhere` did. */
export interface CrashReport {
  /** How often the process was killed, once in each run. */
  readonly crashes: number;
  /** How often at each step. */
  readonly steps: Readonly<Record<string, number>>;
}

export interface CrashOptions extends PipelineOptions {
  /** The most runs: with more steps than that, the runs are spread over them. 500 unless given. */
  readonly runs?: number;
}
