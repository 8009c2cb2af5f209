import type { BusContext, EndOptions } from './bus-context.ts';
import type { BusAccess } from './access.ts';
import type { BusDoctor } from './doctor.ts';
import type { EventSpelling } from './event-attributes.ts';
import type { BusPage } from './bus-page.ts';
import type { BusSpans } from './bus-spans.ts';
import type { Spelling } from './carried-headers.ts';
import type { EndUrls } from './end-url.ts';
import type { LogReplay } from './log-replay.ts';
import type { OppositeEnds } from './opposite-ends.ts';
import type { Reach } from './reach.ts';
import type { BusScaling } from './scaling.ts';
import type { Source } from './source.ts';
import type { Sink } from './sink.ts';
import type { BusWatch } from './watch.ts';

export type { BusContext, BusEvent, EndOptions } from './bus-context.ts';

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

/** A JSON Schema (draft-07) of an options object. `additionalProperties` is false in each. */
export type OptionSchema = Readonly<Record<string, unknown>> & {
  readonly properties: Readonly<Record<string, unknown>>;
};

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
  /** A reader that disturbs no other (`sluice tail`). Loaded for that command alone. Absent: the bus is in this process. */
  watch?(): Promise<BusWatch<Connection, From, To>>;
  /** What can be asked of its servers (`sluice doctor`). Loaded for that command alone. Absent: there is nothing to check. */
  doctor?(): Promise<BusDoctor<Connection, From, To>>;
  /** What holds for several processes of one source (`sluice build --k8s`). Loaded for that command alone. Absent: there can be one. */
  scaling?(): Promise<BusScaling<Connection, From>>;
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
