import type { LossCode, NoticeCode } from './event-codes.ts';
import type { SluiceError } from './errors.ts';
import type { BusPage } from './bus-page.ts';
import type { Spelling, Unspellable } from './carried-headers.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { EndUrls } from './end-url.ts';
import type { OppositeEnds } from './opposite-ends.ts';
import type { Reach } from './reach.ts';
import type { Demand, Source } from './source.ts';
import type { Sink } from './sink.ts';

/** What a bus promises under the options given. The engine, the checker, the docs and the conformance tests read this one table. */
export interface Guarantees {
  /** What a confirmed send means, ack grades G0 to G4: no acknowledgement, in memory, survives a crash, a power cut, the loss of a node. */
  readonly confirms: 'sent' | 'received' | 'stored' | 'synced' | 'replicated';
  /** Whether an unsettled delivery comes back. Where not, the source is at most once. */
  readonly redelivers: boolean;
  /**
   * Of a source that writes its place down now and then: how far apart in time. What was settled since the last time
   * comes again after a crash, beside what was not settled. Undefined where each settlement stands by itself.
   */
  readonly commitsEveryMs?: number;
  readonly ordered: 'none' | 'key' | 'address';
  readonly carriesHeaders: boolean;
  /** Where it carries none: what an operator writes so that it does. */
  readonly headersNeed?: string;
  readonly carriesKey: boolean;
  readonly carriesExpiry: boolean;
  /**
   * Of a source: whose time `Frame.timestampMs` is, from which expiry counts. `optional`: the publisher's, where it set
   * one; `none`: the bus has no place for one, so a message is as old as its stay in the bridge.
   */
  readonly stamps: 'publisher' | 'optional' | 'server' | 'none';
  /** Of a source whose messages may lie at the server without a time: the setting that bounds how long. */
  readonly boundsAge?: string;
  /** Whether the server drops a message whose expiry passes before anybody has read it, and says nothing of it. */
  readonly expiresUnread?: boolean;
  /** Of a source: whether a delivery is known by the id that its publisher gave it, where there is one. */
  readonly namedByPublisher?: boolean;
  /** Whether a null body stays one. Where not, the sink refuses it with NO_BODY. */
  readonly carriesNull: boolean;
  /** Whether the sink itself removes a frame whose id it already holds. */
  readonly deduplicates: boolean;
  /**
   * Whether a sink that starts looks up what it wrote last (`Sink.recoverIds`), so that what comes again after a crash is not
   * written twice, however long the outage was. False for sources.
   */
  readonly recoversIds: boolean;
  /** What an operator must know and the words above cannot say; `check` prints each. */
  readonly notes: readonly string[];
}

/** How a bus spells addresses, so that a value from a message can be put into one without changing its shape. */
export interface AddressGrammar {
  /** What the bus calls an address: `topic`, `subject`. Also the name of its levels in templates: `{topic.1}`. */
  readonly word: string;
  readonly separator: string;
  /** Of a filter: the wildcard of one whole level, and the last level that stands for any number of them. Absent: it has none. */
  readonly wildcards?: { readonly one: string; readonly levels: string };
  /** The value as text of one level or a part of one: no value changes the shape of an address, and no two make the same text. */
  readonly encode: (value: string) => string;
  /** The value that `encode` made a level of; a level that it cannot have made is its own value. */
  readonly decode: (level: string) => string;
  /** The same for what does not begin an address, where the bus treats a first character otherwise. */
  readonly inner?: { readonly encode: (value: string) => string; readonly decode: (level: string) => string };
  /** What `encode` does, for an operator: `/, + and # are percent-encoded`; `decode` undoes it. */
  readonly encoding: string;
  /** First levels that begin so are matched by no leading wildcard. */
  readonly hidden?: string;
  /** What is wrong with a whole address to publish to, or undefined when it is fine. Never echoes a value from a message. */
  flaw(address: string): string | undefined;
}

/** What a connection tells the runtime while it lives. The runtime logs, counts and decides; a driver never does. */
export type BusEvent =
  | { readonly kind: 'connected'; readonly detail: string }
  /** One of several connections of this end that stood was ended, because its server did not answer in time. It is made anew. */
  | { readonly kind: 'renewed'; readonly detail: string }
  /** `renewed`: the driver gave up a connection that was open, for its server did not answer or did not deliver. */
  | { readonly kind: 'disconnected'; readonly detail: string; readonly renewed?: boolean }
  /**
   * The connection is up and this end does not work: what it needs is missing, or messages wait at the server and none
   * arrive. `detail` says what is waited for. Lasts until `resumed`, over disconnections too.
   */
  | { readonly kind: 'suspended'; readonly detail: string }
  | { readonly kind: 'resumed'; readonly detail: string }
  /** Something keeps the connection from working: wrong password, host, certificate, a missing stream. The driver goes on trying. */
  | { readonly kind: 'problem'; readonly error: SluiceError }
  /** A fact that an operator should know once: a lowered QoS, a changed consumer. `code` groups repetitions. */
  | { readonly kind: 'notice'; readonly code: NoticeCode; readonly text: string }
  /**
   * Of a source: messages that the route should have carried are gone, or may be: a place in a log that was cut off, a
   * lost session, an overrun bound. Said each time. `messages`: how many, or a bound where no more is known (`text` says
   * which); counted and added up. Absent where nothing is known of their number.
   */
  | { readonly kind: 'loss'; readonly code: LossCode; readonly text: string; readonly messages?: number };

/** Who opens a connection, and how it talks back. */
export interface BusContext {
  readonly pipeline: string;
  readonly route: string;
  /** The connection's name in the pipeline file. */
  readonly connection: string;
  /** `dead-letters`: a second sink of the route, for its dead letters. */
  readonly direction: 'source' | 'sink' | 'dead-letters';
  /** Bounds what may be unsettled at once: the client's prefetch is set from it, and the driver holds no more than it. */
  readonly window: Demand;
  /**
   * Of a sink: whether nothing that an earlier connection of this end wrote may reach the bus behind what a later one
   * writes, because the route's class lets no older message of a key follow a newer one. Where the bus reads each
   * connection to its end before the next, a driver has nothing to do.
   */
  readonly isFenced: boolean;
  /** Of a sink: what becomes of headers that its bus cannot spell, see carried-headers.ts. */
  readonly unspellable?: Unspellable;
  /** This end's own, the same at every start. */
  readonly checkpoint: Checkpoint;
  /** Aborts while the connection is being opened: the opening promise rejects, nothing is left behind. */
  readonly signal: AbortSignal;
  /** Never throws. */
  report(event: BusEvent): void;
}

/** A JSON Schema (draft-07) of an options object. `additionalProperties` is false in each. */
export type OptionSchema = Readonly<Record<string, unknown>> & {
  readonly properties: Readonly<Record<string, unknown>>;
};

/** What the pipeline file says of one end of a route: the named connection's options and the end's own. */
export interface EndOptions<Connection, End> {
  readonly connection: Connection;
  readonly end: End;
  /**
   * Options of every end of this pipeline over the same connection, those of dead letters too: what a driver makes for one of
   * them has to serve all of them. Absent: this end alone.
   */
  readonly siblings?: readonly Readonly<Record<string, unknown>>[];
  /**
   * The connection's options with what `file:` names as it lies on the disk now. A driver calls it before each attempt
   * to connect and takes identity and TLS from it; where the servers are it may keep. A file that cannot be used is
   * reported as a problem, and what it held before is returned. Never throws. Absent: no file is named.
   */
  readonly reread?: () => Connection;
}

/** `file` is relative to runtime/, or absolute. */
export interface BusModule {
  readonly file: string;
  readonly exportName: string;
}

/**
 * A bus driver: a plain object. Options arrive already checked against its schemas with defaults filled in, durations
 * and sizes still as text with units, so a driver converts but never validates again.
 */
export interface Bus<Connection = object, From = object, To = object> {
  readonly name: string;
  /** Where this value is exported: a bundle imports it from there, and nothing of other buses. */
  readonly module: BusModule;
  readonly page: BusPage;
  readonly grammar: AddressGrammar;
  /** Absent: the bus is in this process, and another process cannot name it. */
  readonly urls?: EndUrls;
  readonly opposite: OppositeEnds<From, To>;
  /** The one place for option names, defaults, units and docs. */
  readonly connectionSchema: OptionSchema;
  readonly sourceSchema: OptionSchema;
  readonly sinkSchema: OptionSchema;
  /**
   * Which of the sink's options can be the address template: the first that is given is. One alone must be given; of
   * several the driver's own schema or flaws say what must, and none means an empty address.
   */
  readonly addressOptions: readonly [string, ...string[]];
  sourceGuarantees(options: EndOptions<Connection, From>): Guarantees;
  sinkGuarantees(options: EndOptions<Connection, To>): Guarantees;
  /** The servers behind a connection, each by `serverName`: connections that share one are one bus. */
  servers(connection: Connection): readonly string[];
  /** How a sink spells headers. Absent: it takes every header. */
  spelling?(options: EndOptions<Connection, To>): Spelling;
  /** Whether a message of a source can have a header of this name: a server's own words are no part of one. Absent: any. */
  readonly readsHeader?: (name: string) => boolean;
  /** What a source reads. */
  reads(options: EndOptions<Connection, From>, place: Pick<BusContext, 'pipeline' | 'route'>): readonly Reach[];
  /** The spaces (`Reach.spaces`) that the addresses of a sink lie in. */
  writes(options: EndOptions<Connection, To>): readonly string[];
  /** What no schema can say: options that exclude one another. One finding each, `path` as in the pipeline file's end or connection. */
  flaws(connection: Connection, end: { from: From } | { to: To }): readonly OptionFlaw[];
  /** Imports its client library; resolves once connected and subscribed, however long that takes (see BusContext.signal). */
  openSource(options: EndOptions<Connection, From>, context: BusContext): Promise<Source>;
  openSink(options: EndOptions<Connection, To>, context: BusContext): Promise<Sink>;
}

/** One wrong combination of options. */
export interface OptionFlaw {
  readonly where: 'connection' | 'end';
  /** Property names from the options object down. */
  readonly path: readonly string[];
  /** Another option of the same object that it stands against. */
  readonly beside?: readonly string[];
  readonly expected: string;
  readonly found: string;
  readonly write: string;
}
