import type { BusAccess } from './access.ts';
import type { LossCode, NoticeCode } from './event-codes.ts';
import type { EventSpelling } from './event-attributes.ts';
import type { SluiceError } from './errors.ts';
import type { BusPage } from './bus-page.ts';
import type { BusSpans } from './bus-spans.ts';
import type { Spelling, Unspellable } from './carried-headers.ts';
import type { UnsyncedCheckpoint } from './unsynced-checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { EndUrls } from './end-url.ts';
import type { LogReplay } from './log-replay.ts';
import type { OppositeEnds } from './opposite-ends.ts';
import type { Reach } from './reach.ts';
import type { Demand, Source } from './source.ts';
import type { Sink } from './sink.ts';

/** What a source gives to several processes that run one route at the same time. */
export interface Instances {
  /**
   * `by-key`: the messages of a key go to one process at a time, and the next one knows what those before have settled.
   * `standby`: one process reads, and another goes on when it is gone, without what that one remembers. `any`: each message
   * goes to any of them. `all`: each process gets every message.
   */
  readonly share: 'by-key' | 'standby' | 'any' | 'all';
  /** For `by-key`, where the bus has bounded room for what is settled behind unsettled messages. What has none is sent again. */
  readonly room?: {
    /** With up to so many unsettled messages it surely has room; 0: with none. */
    readonly upTo: number;
    /** What happens with more, for an operator, as a clause. */
    readonly beyond: string;
  };
  /** The same in the bus's terms, for an operator, as a clause. */
  readonly means: string;
}

/** The promises of a bus under given options. The engine, the checker, the docs and the conformance tests read this one table. */
export interface Guarantees {
  /** The meaning of a confirmed send, ack grades G0 to G4: no acknowledgement, in memory, survives a crash, a power cut, the loss of a node. */
  readonly confirms: 'sent' | 'received' | 'stored' | 'synced' | 'replicated';
  /** Whether an unsettled delivery comes back. Where not, the source is at most once. */
  readonly redelivers: boolean;
  /**
   * For a source that commits its position periodically: the period. Deliveries settled since the last commit come again
   * after a crash, beside the unsettled ones. Undefined where each settlement is sent by itself.
   */
  readonly commitsEveryMs?: number;
  /**
   * For a source, as a clause for an operator: what a killed bridge, started again, can be given again beside a window of messages.
   * Absent: nothing.
   */
  readonly repeatsBeside?: string;
  readonly ordered: 'none' | 'key' | 'address';
  /** For a source. Absent: it cannot have more than one process. */
  readonly instances?: Instances;
  readonly carriesHeaders: boolean;
  /** Where it carries none: the setting with which it does, for an operator. */
  readonly headersNeed?: string;
  readonly carriesKey: boolean;
  readonly carriesExpiry: boolean;
  /**
   * For a source: the origin of `Frame.timestampMs`, from which expiry counts. `optional`: the publisher's, where it set
   * one; `none`: the bus has no timestamps, so the age of a message is its time in the bridge.
   */
  readonly stamps: 'publisher' | 'optional' | 'server' | 'none';
  /** For a source whose messages may wait at the server without a time: the setting that bounds the wait. */
  readonly boundsAge?: string;
  /** Whether the server drops a message that expires unread, without a notice. */
  readonly expiresUnread?: boolean;
  /** For a source: whether a delivery's id is made of the publisher's id, where there is one. */
  readonly namedByPublisher?: boolean;
  /** Whether a null body stays one. Where not, the sink refuses it with NO_BODY. */
  readonly carriesNull: boolean;
  /** Whether the sink itself removes a frame whose id it already holds. */
  readonly deduplicates: boolean;
  /**
   * Whether a sink reads the end of its log at its start (`Sink.recoverIds`), so that messages that come again after a crash are
   * not written twice, however long the outage was. False for sources.
   */
  readonly recoversIds: boolean;
  /** Facts for an operator that the fields above cannot express; `check` prints each. */
  readonly notes: readonly string[];
}

/** The syntax of a bus's addresses, by which a value from a message is put into an address without changing its shape. */
export interface AddressGrammar {
  /** The bus's word for an address: `topic`, `subject`. Also the name of its levels in templates: `{topic.1}`. */
  readonly word: string;
  readonly separator: string;
  /** The wildcard for one whole level of a filter, and the last level that matches any number of levels. Absent: it has none. */
  readonly wildcards?: { readonly one: string; readonly levels: string };
  /** The value as text of one level or a part of one: no value changes the shape of an address, and no two make the same text. */
  readonly encode: (value: string) => string;
  /** The value that `encode` made the level of; a level that it cannot have made is returned unchanged. */
  readonly decode: (level: string) => string;
  /** The same for text that does not begin an address, where the bus has a rule for the first character. */
  readonly inner?: { readonly encode: (value: string) => string; readonly decode: (level: string) => string };
  /** A description of `encode` for an operator: `/, + and # are percent-encoded`. */
  readonly encoding: string;
  /** No leading wildcard matches a first level with this prefix. */
  readonly hidden?: string;
  /** The error of a whole address to publish to; undefined where there is none. Never contains a value from a message. */
  flaw(address: string): string | undefined;
}

/** Events of an open connection. The runtime logs, counts and decides; a driver never does. */
export type BusEvent =
  | { readonly kind: 'connected'; readonly detail: string }
  /** One of several connections of this end was closed, because its server did not answer in time. It is opened again. */
  | { readonly kind: 'renewed'; readonly detail: string }
  /** `renewed`: the driver closed an open connection, because its server did not answer or did not deliver. */
  | { readonly kind: 'disconnected'; readonly detail: string; readonly renewed?: boolean }
  /**
   * The connection is up and this end does not work: something that it needs is missing, or messages wait at the server and
   * none arrive. `detail` names what it waits for. Lasts until `resumed`, over disconnections too.
   */
  | { readonly kind: 'suspended'; readonly detail: string }
  | { readonly kind: 'resumed'; readonly detail: string }
  /** The connection does not work: wrong password, host, certificate, a missing stream. The driver tries again. */
  | { readonly kind: 'problem'; readonly error: SluiceError }
  /** A fact for an operator, logged once: a lowered QoS, a changed consumer. `code` groups repetitions. */
  | { readonly kind: 'notice'; readonly code: NoticeCode; readonly text: string }
  /**
   * For a source: messages of the route are lost, or may be: the end of a log was cut off, a session is gone, a bound was
   * exceeded. Logged each time. `messages`: their number, or a bound of it (`text` says which); added up. Absent where the
   * number is unknown.
   */
  | { readonly kind: 'loss'; readonly code: LossCode; readonly text: string; readonly messages?: number };

/** The owner of a connection, and the functions for its driver. */
export interface BusContext {
  readonly pipeline: string;
  readonly route: string;
  /** The connection's name in the pipeline file. */
  readonly connection: string;
  /** `dead-letters`: a second sink of the route, for its dead letters. */
  readonly direction: 'source' | 'sink' | 'dead-letters';
  /** Bounds the unsettled deliveries: the client's prefetch is set from it, and the driver holds no more. */
  readonly window: Demand;
  /**
   * For a sink: whether no frame of an earlier connection of this end may reach the bus after a frame of a later connection,
   * because the route's class lets no older message of a key follow a newer one. A driver has nothing to do where the bus
   * reads each connection to its end before the next. For a source: whether the engine sends nothing of a delivery that is
   * revoked (see delivery.ts).
   */
  readonly isFenced: boolean;
  /** For a sink: the treatment of headers that its bus cannot spell, see carried-headers.ts. */
  readonly unspellable?: Unspellable;
  /** The checkpoint of this end, the same at every start. */
  readonly checkpoint: Checkpoint;
  /** For a source: what a killed process of it leaves to the next one. Absent: nothing. */
  readonly unsyncedCheckpoint?: UnsyncedCheckpoint;
  /** Aborts the opening of the connection: the promise rejects, and nothing is left behind. */
  readonly signal: AbortSignal;
  /** Never throws. */
  report(event: BusEvent): void;
}

/** A JSON Schema (draft-07) of an options object. `additionalProperties` is false in each. */
export type OptionSchema = Readonly<Record<string, unknown>> & {
  readonly properties: Readonly<Record<string, unknown>>;
};

/** The options of one end of a route in the pipeline file: those of its connection and its own. */
export interface EndOptions<Connection, End> {
  readonly connection: Connection;
  readonly end: End;
  /**
   * Options of every end of this pipeline over the same connection, including those of dead letters: a stream or queue that a
   * driver creates for one of them must serve all. Absent: this end alone.
   */
  readonly siblings?: readonly Readonly<Record<string, unknown>>[];
  /**
   * The connection's options with the present contents of the files that `file:` names. A driver calls it before each attempt
   * to connect, and takes identity and TLS from it; it may keep the servers. A file that cannot be used is reported as a
   * problem, and its earlier contents are returned. Never throws. Absent: no file is named.
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
  /** The module that exports this value: a bundle imports it, and nothing of other buses. */
  readonly module: BusModule;
  readonly page: BusPage;
  readonly spans: BusSpans<Connection, From>;
  readonly grammar: AddressGrammar;
  /** Absent: the bus is in this process, and another process cannot name it. */
  readonly urls?: EndUrls;
  readonly opposite: OppositeEnds<From, To>;
  /** The rights that the ends need at their broker (`sluice acl`). Loaded for that command alone. Absent: the bus has no users. */
  access?(): Promise<BusAccess<Connection, From, To>>;
  /** How its sources are read again (`sluice replay`). Loaded for that command alone. Absent: the bus keeps no log. */
  logReplay?(): Promise<LogReplay<EndOptions<Connection, From>, BusContext, From>>;
  /** The one place for option names, defaults, units and docs. */
  readonly connectionSchema: OptionSchema;
  readonly sourceSchema: OptionSchema;
  readonly sinkSchema: OptionSchema;
  /**
   * The sink's options that can be the address template: the first one given is. A single one is required; of several the
   * driver's schema or `flaws` decide which is required, and none means an empty address.
   */
  readonly addressOptions: readonly [string, ...string[]];
  sourceGuarantees(options: EndOptions<Connection, From>): Guarantees;
  sinkGuarantees(options: EndOptions<Connection, To>): Guarantees;
  /** The servers behind a connection, each by `serverName`: connections that share one are one bus. */
  servers(connection: Connection): readonly string[];
  /** The headers that a sink can carry. Absent: all. */
  spelling?(options: EndOptions<Connection, To>): Spelling;
  /** How its headers spell the attributes of CloudEvents. Absent: `ce-NAME`. */
  readonly eventSpelling?: EventSpelling;
  /** Whether a message of a source can have a header of this name; headers of the server itself are removed. Absent: any. */
  readonly readsHeader?: (name: string) => boolean;
  /** The addresses that a source reads. */
  reads(options: EndOptions<Connection, From>, place: Pick<BusContext, 'pipeline' | 'route'>): readonly Reach[];
  /** The spaces (`Reach.spaces`) of the addresses that a sink writes to. */
  writes(options: EndOptions<Connection, To>): readonly string[];
  /** Faults that no schema can express, such as options that exclude one another. One finding each, `path` as in the pipeline file's end or connection. */
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
  /** Another option of the same object that conflicts with it. */
  readonly beside?: readonly string[];
  readonly expected: string;
  readonly found: string;
  readonly write: string;
}
