/** The field of a route that decides what happens while its sink is slow or away, and when it is back. */
export type TrafficClass = 'telemetry' | 'command' | 'event' | 'audit';

/** The rules of a class. The engine, the checker, `explain` and the docs read this one table. */
export interface ClassRules {
  /** Its use, one line. */
  readonly use: string;
  /** Fields that its source must have. */
  readonly needs: readonly ('key' | 'expires')[];
  /** While the sink is slow or away: all messages, or the newest of each key, the others superseded. */
  readonly keeps: 'all' | 'newest';
  /**
   * Whether one message of a key and address is in flight at a time, and the next one follows once the first is confirmed
   * and its id saved: then no older one follows a newer one, not even as a duplicate.
   */
  readonly oneAtATime: boolean;
  /** The result of a message with a lower `sequence` than the last one sent of its key. */
  readonly stale: 'superseded' | 'dead-letter' | 'passed' | 'marked';
  /** The result of a message past its expiry, which is counted in any case. */
  readonly expired: 'counted' | 'dead-letter';
  /** Whether a message that may have been sent before gets a header. */
  readonly marksRepeats: boolean;
  /** Whether a backlog may be sent at a bounded rate. */
  readonly mayDrain: boolean;
  /** 0 has the highest priority where routes share a sink's connection. */
  readonly rank: 0 | 1 | 2 | 3;
}

export const CLASSES: Readonly<Record<TrafficClass, ClassRules>> = {
  command: {
    use: 'orders, valve state, configuration: kept until they expire, never an older one after a newer one',
    needs: ['key', 'expires'],
    keeps: 'all',
    oneAtATime: true,
    stale: 'dead-letter',
    expired: 'dead-letter',
    marksRepeats: false,
    mayDrain: true,
    rank: 0,
  },
  telemetry: {
    use: 'positions, readings: the newest of each key',
    needs: ['key'],
    keeps: 'newest',
    oneAtATime: true,
    stale: 'superseded',
    expired: 'counted',
    marksRepeats: false,
    mayDrain: false,
    rank: 1,
  },
  event: {
    use: 'domain events, tasks: all of them, in order',
    needs: [],
    keeps: 'all',
    oneAtATime: false,
    stale: 'passed',
    expired: 'dead-letter',
    marksRepeats: false,
    mayDrain: true,
    rank: 2,
  },
  audit: {
    use: 'after-action, compliance: all of them, in order, repetitions marked',
    needs: [],
    keeps: 'all',
    oneAtATime: false,
    stale: 'marked',
    expired: 'dead-letter',
    marksRepeats: true,
    mayDrain: true,
    rank: 3,
  },
};

/** The names of the table. */
export const CLASS_NAMES: readonly TrafficClass[] = ['telemetry', 'command', 'event', 'audit'];
