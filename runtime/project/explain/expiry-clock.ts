import type { Guarantees } from '#contract/bus.ts';
import { TIME_UNIT_NAMES, type TimeUnit } from '#kit/time-unit.ts';

/** The settings that decide from which time the expiry of a route counts. */
export interface ExpiryClock {
  readonly stamps: Guarantees['stamps'];
  /** Whether `timestamp` of the source names one. */
  readonly isNamed: boolean;
  /** Unit of the numbers that `timestamp` reads, where it is known. */
  readonly unit: TimeUnit | undefined;
  /** Whether the file says `of: publisher`. */
  readonly isOfPublisher: boolean;
}

const ARRIVAL = 'its arrival at the bridge, however long it waited before';
const OTHERWISE = 'a message without one is a dead letter (TIMESTAMP_MISSING)';

const COUNTS_FROM: Readonly<Record<Guarantees['stamps'], string>> = {
  publisher: "its publisher's timestamp, or the server's where that stamps instead",
  optional: `its publisher's timestamp where it has one, else from ${ARRIVAL}`,
  server: 'when the server took it, however long it took to get there',
  none: ARRIVAL,
};

/** From which time the expiry of a message counts, in words that follow `counts from`. */
export function countsFrom({ stamps, isNamed, unit, isOfPublisher }: ExpiryClock): string {
  if (isNamed) {
    const read = unit === undefined ? '' : ` (RFC 3339, or ${TIME_UNIT_NAMES[unit]} since 1970)`;
    return `the time that timestamp reads${read}; ${OTHERWISE}`;
  }
  return isOfPublisher ? `its publisher's timestamp; ${OTHERWISE}` : COUNTS_FROM[stamps];
}

/** Whether the bus may deliver messages with an unknown age before their arrival. */
export function mayHideAge({ stamps, isNamed, isOfPublisher }: ExpiryClock): boolean {
  return !isNamed && !isOfPublisher && (stamps === 'none' || stamps === 'optional');
}

/** Whether no message of the source can have the time that `of: publisher` requires. */
export function neverHasTime({ stamps, isNamed, isOfPublisher }: ExpiryClock): boolean {
  return isOfPublisher && !isNamed && (stamps === 'none' || stamps === 'server');
}
