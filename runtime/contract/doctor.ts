import type { Right } from './access.ts';
import type { AddressPattern } from './reach.ts';
import type { TrafficClass } from './traffic-class.ts';

/** `unknown`: it was not tried, because nothing harmless would tell. */
export type CheckVerdict = 'ok' | 'unknown' | 'warning' | 'error';

/** The result of one check. */
export interface CheckLine {
  /** Stable; a name of the table of its bus, or of the machine. */
  readonly code: string;
  readonly verdict: CheckVerdict;
  /** What was looked at: `stream ORDERS`. Empty: the connection or the machine as a whole. */
  readonly about: string;
  readonly found: string;
  /** What to write or to do. Absent where all is well. */
  readonly write?: string;
}

/** One check, for the documentation. */
export interface CheckEntry {
  readonly title: string;
  /** What is compared with what. */
  readonly compares: string;
  readonly remedy: string;
}

/** By the code of its lines. */
export type CheckTable = Readonly<Record<string, CheckEntry>>;

/** One end of a route, as a doctor needs it. */
export interface ExaminedEnd<End = object> {
  readonly pipeline: string;
  /** Of a list of sinks, with the number of the sink. */
  readonly route: string;
  readonly direction: 'source' | 'sink' | 'dead-letters';
  readonly end: End;
  readonly isFenced: boolean;
  readonly trafficClass: TrafficClass;
  /** The rights that it needs, and no other. */
  readonly rights: readonly Right[];
  /** For a sink: patterns of the addresses that its template can make. */
  readonly addresses: readonly AddressPattern[];
  /** `maxBody` where the file states it: the largest body that the route is to carry. */
  readonly maxBodyBytes: number | undefined;
  /** The most messages that the window of the route allows unsettled. */
  readonly windowMessages: number;
  /** The longest outage that this end is to survive. An expiry of the route that is shorter bounds it. */
  readonly outageMs: number;
  /** Whether the route settles its source into a spool, so that an outage of its sinks holds no delivery at the source. */
  readonly hasSpool: boolean;
}

/** A connection of a pipeline and all that its routes do over it. */
export interface Examination<Connection = object, From = object, To = object> {
  readonly pipeline: string;
  /** Its name in the pipeline file. */
  readonly connection: string;
  readonly options: Connection;
  readonly sources: readonly ExaminedEnd<From>[];
  readonly sinks: readonly ExaminedEnd<To>[];
  /** The text of the server's own configuration file, where it was given. */
  readonly config: string | undefined;
  /** Messages a second that each source is expected to get; undefined: what the server shows. */
  readonly perSecond: number | undefined;
  /** For the connection as a whole. Later answers are not waited for. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly tell: (line: CheckLine) => void;
}

/**
 * What a driver can find out about its servers without a trace: no message is published or consumed, and no queue,
 * consumer, group or session stays.
 */
export interface BusDoctor<Connection = object, From = object, To = object> {
  readonly checks: CheckTable;
  /** The name of the server's configuration file, where some settings are in no answer of the server. */
  readonly configFile?: string;
  /** Tells each line as it is found. Rejects with a BUS_ code where the connection cannot be made. */
  examine(given: Examination<Connection, From, To>): Promise<void>;
}
