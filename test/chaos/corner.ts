import type { Broker } from '../harness/broker.ts';
import type { Need } from '../harness/law.ts';
import type { Unread } from '../../runtime/verify/message-ends.ts';
import type { Link } from '../harness/link.ts';

/** Words of a pipeline file. */
export type Words = Readonly<Record<string, unknown>>;

export type Side = 'source' | 'sink';

/** A server of one kind of bus, and how a bridge and its checker use it. `tag` names what belongs to one route. */
export interface Corner {
  readonly server: Broker;
  /** Between the bridge and the server, one for each side that it may be on. */
  readonly links: Readonly<Record<Side, Link>>;
  /** The bridge's connection, over the link. */
  through(side: Side): Words;
  /** The checker's connection, past the links. */
  readonly direct: Words;
  /** Where the bridge reads, and the checker writes there. Undefined where what is unsettled does not come again. */
  readonly entrance: ((tag: string) => Gate) | undefined;
  /** Where the bridge writes, and the checker reads there. */
  exit(tag: string): Gate;
  /** Whether what the checker reads there says when the server stored it. */
  readonly isStamped?: boolean;
  /** Makes what must exist on both sides, so that it survives what comes. */
  prepare(side: Side, tags: readonly string[]): Promise<void>;
  /**
   * How the server may go and come back without losing what it has confirmed. `never`: whatever is in its memory is
   * lost with it, and everything is.
   */
  readonly restart: 'kill' | 'stop' | 'never';
  /**
   * Of a server that drops what expires before it was read: whether it had a message of the run last, and so dropped it.
   * Asked at the end, of the tag's route; as `source` it is the bridge that did not read it, as `sink` the checker.
   */
  readonly unread?: (side: Side, tag: string, run: string) => Promise<Unread>;
  /** What only this kind of server has: for so long it takes no messages, though it answers. */
  readonly alarm?: (ms: number) => Promise<void>;
}

export interface Gate {
  readonly bridge: Words;
  readonly checker: Words;
}

export interface CornerKind {
  readonly bus: string;
  readonly need: Need;
  /** False for a source that is at most once. */
  readonly isSource: boolean;
  open(): Promise<Corner>;
}
