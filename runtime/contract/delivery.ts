import type { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';

/** How responsibility for one delivery ended. Exactly one outcome is settled for every delivery (invariant 2). */
export type Outcome =
  /** Safe downstream, or ended on purpose. The source forgets it. */
  | { readonly kind: 'accept' }
  /** Given back undone: the runtime stops. A source whose redelivery would reorder does nothing and lets its next start repeat it. */
  | { readonly kind: 'release' }
  /** It can never succeed and its dead letter is written. The source forgets it, saying so where the bus has a word for that. */
  | { readonly kind: 'reject'; readonly cause: SluiceError };

export const ACCEPT: Outcome = { kind: 'accept' };
export const RELEASE: Outcome = { kind: 'release' };

/** What a dead letter on its way back brings along: it is the same message still. */
export interface Replayed {
  /** Its number in the store. */
  readonly letter: number;
  /** Tries until it died last; those of this time are added. */
  readonly attempts: number;
  /** When it was first read, in milliseconds since 1970 (UTC): an expiry of the route counts from there. */
  readonly receivedAtMs: number;
  /** Stands for every other expiry, where an operator renewed it. */
  readonly expiresAtMs: number | undefined;
  /** The span in which it died last: its new trace is linked to it. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
}

/** One frame, lent to the bridge until it is settled. */
export interface Delivery {
  /**
   * The bus's own coordinates, unique within the source, and the same on every redelivery where the bus has such an id. A
   * publisher's id is unique only together with a digest of the content.
   */
  readonly id: string;
  readonly frame: Frame;
  /** 1 when nobody can have seen this delivery before, more when it is a redelivery, undefined where the bus cannot tell. */
  readonly attempt: number | undefined;
  /** True where the bus has no name for it and the source counted: a later session knows it by another id. */
  readonly isNumberedHere?: boolean;
  /**
   * Where given, deliveries of one lane keep their order whatever their keys and addresses are (invariant 5); otherwise
   * those of one key and address do.
   */
  readonly lane?: string;
  /** Given where the source could not read a part of it: it is refused with this error, and its body kept. */
  readonly fault?: SluiceError;
  /** Given where it is a dead letter that comes back. */
  readonly replay?: Replayed;
  /** When the bridge took it over, in milliseconds since 1970 (UTC), where that was before it was read: it lay in a spool. */
  readonly arrivedAtMs?: number;
  /**
   * Called exactly once by the engine, in any order relative to other deliveries; a source whose bus commits
   * positions holds back to the settled prefix. Never throws: a settlement whose epoch (connection, channel,
   * generation) is gone is dropped, for the bus redelivers. `Source.close` flushes what was settled.
   */
  settle(outcome: Outcome): void;
}
