import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import type { Unread } from '../../runtime/verify/message-ends.ts';
import type { Subject } from '../conformance/conformance.ts';
import type { Broker } from '../harness/broker.ts';
import type { Link } from '../harness/link.ts';
import type { Need } from '../harness/server-test.ts';

/**
 * One bus as every kind of test uses it: conformance, matrix, chaos, readiness and benchmarks. A new bus adds one file with
 * such a value, and one line in all.ts.
 */
export interface TestBus {
  /** As in the catalog. */
  readonly name: string;
  /** Whether a message that a bridge has read stays for the next one, as in a log. */
  readonly keepsRead: boolean;
  /** Whether a message that is published before there was a reader is lost. */
  readonly needsReader: boolean;
  /** Whether the server sends heartbeats that a link recognises (harness/frames.ts). */
  readonly hasHeartbeats: boolean;
  /** The options under which the conformance tests judge the driver. */
  readonly subjects: readonly Subject[];
  /** Ends the servers that the subjects share. Called after the last test of a file. */
  readonly stop?: () => Promise<void>;
  /** Undefined where another process cannot reach the bus. */
  readonly endpoints: EndpointKind | undefined;
}

/** How endpoints of a bus come about, and what every one of them promises. */
export interface EndpointKind {
  /** For `share`, and for `start`. */
  readonly needs: { readonly share: Need; readonly start: Need };
  /** Whether a killed bridge is given again what it had not settled. */
  readonly redelivers: boolean;
  /** Whether a bridge that starts looks up what it wrote last, so that nothing is stored twice. */
  readonly recoversIds: boolean;
  /** A place on the run's server. */
  share(): Promise<Endpoint>;
  /** A server of the test's own, behind links. */
  start(options?: StartOptions): Promise<OwnEndpoint>;
}

export interface StartOptions {
  /** For benchmarks: so many messages may wait, and the server need not survive a kill. */
  readonly queued?: number;
  /** The source's link can let heartbeats alone pass. Such a link hands on whole frames only. */
  readonly heartbeats?: boolean;
}

/** Words of a pipeline file. */
export type Words = Readonly<Record<string, unknown>>;

export type Side = 'source' | 'sink';

/** One address space of a route: the words of a bridge, and those of a checker at its other side. */
export interface Gate {
  readonly bridge: Words;
  readonly checker: Words;
}

/** A server of one bus as an end of routes. `tag` names what belongs to one route. */
export interface Endpoint {
  /** The connection of the pipeline file, past all links. */
  readonly direct: Words;
  /** The bridge reads there, and the checker writes there. The class decides on words that only some classes need. */
  entrance(tag: string, trafficClass?: TrafficClass): Gate;
  /** The bridge writes there, and the checker reads there. */
  exit(tag: string): Gate;
  /** Makes the streams, topics and queues of that side of these routes. Resolves once they exist, empty. */
  prepare(side: Side, tags: readonly string[]): Promise<void>;
  /** Takes away what `prepare` made, with the messages in it. */
  remove(side: Side, tag: string): Promise<void>;
  /** Publishes at the entrance, in order. Resolves once the server holds them all. */
  publish(tag: string, messages: Iterable<Outgoing>): Promise<void>;
  /** Reads at the exit, from its first message. `prepare` comes before. */
  listen(tag: string): Promise<Listener>;
  /** How many messages the server holds at the exit; undefined where it does not say. */
  count(tag: string): Promise<number | undefined>;
}

/** A server of the test's own. It ends with the handle. */
export interface OwnEndpoint extends Endpoint, AsyncDisposable {
  readonly server: Broker;
  /** Between the bridge and the server, one for each side. */
  readonly links: Readonly<Record<Side, Link>>;
  /** The bridge's connection, over the link. */
  through(side: Side): Words;
  /** Whether a reader at the exit sees when the server stored a message. */
  readonly isStamped: boolean;
  /**
   * How the server may go and come back without losing what it has confirmed. `never`: all its messages are in memory and
   * go with it.
   */
  readonly restart: 'kill' | 'stop' | 'never';
  /**
   * Of a server that drops what expires before it was read: whether it had a message of the run last, and so dropped it.
   * Called at the end, for the tag's route. As `source` the bridge did not read the message, as `sink` the checker.
   */
  readonly unread?: (side: Side, tag: string, run: string) => Promise<Unread>;
  /** From then on the server takes no messages, though it answers. */
  readonly block?: () => Promise<void>;
  readonly unblock?: () => Promise<void>;
  /** Blocks the server for so long. */
  readonly alarm?: (ms: number) => Promise<void>;
}

/** A message as a publisher makes it. */
export interface Outgoing {
  readonly key: string;
  readonly body: Buffer;
  readonly id?: string;
  readonly headers?: ReadonlyMap<string, readonly string[]>;
  readonly contentType?: string;
  /** How long it may live. */
  readonly lifeMs?: number;
}

/** A message as a consumer of the bus sees it, read with the bus's own client. */
export interface Arrived {
  readonly key: string;
  readonly body: Buffer;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly contentType: string | undefined;
  readonly id: string | undefined;
  /** When it arrived, and when it is to expire, in milliseconds since 1970. */
  readonly atMs: number;
  readonly expiresAtMs: number | undefined;
}

export interface Listener extends AsyncDisposable {
  /** Grows while messages arrive. */
  readonly arrived: readonly Arrived[];
}

/** What arrived, from headers that hold id, content type and expiry beside the publisher's own. Takes those three out. */
export function arrivedOf(
  key: string,
  body: Buffer,
  headers: Map<string, readonly string[]>,
  idHeaders: readonly string[] = ['msgid'],
): Arrived {
  const take = (name: string): string | undefined => {
    const value = headers.get(name)?.[0];
    headers.delete(name);
    return value;
  };
  const expiry = take('expirytime');
  const contentType = take('content-type');
  const [id] = idHeaders.map(take).filter((found) => found !== undefined);
  const expiresAtMs = expiry === undefined ? undefined : Date.parse(expiry);
  return { key, body, headers, contentType, id, atMs: Date.now(), expiresAtMs };
}

/** The headers that carry id, content type and expiry on a bus without fields for them. */
export function metaHeaders({ id, contentType, lifeMs }: Outgoing): Readonly<Record<string, string>> {
  return {
    ...(id !== undefined && { msgid: id }),
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...(lifeMs !== undefined && { expirytime: new Date(Date.now() + lifeMs).toISOString() }),
  };
}

/** Arrays of `size` messages, the last one shorter. */
export function* batches<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const one of all) {
    batch.push(one);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
