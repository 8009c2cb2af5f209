import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import type { VerdictName } from '../../runtime/verify/verdicts.ts';
import { patient } from '../harness/patience.ts';

/** What a route of a class is given under chaos, and what it is held to. */
export interface ChaosClass {
  /** Words of the route beside its ends. */
  readonly route: object;
  /** Words of its source beside those of the bus; the key is there anyway. */
  readonly from: object;
  /** Expiry given to every message; undefined: none. */
  readonly expiresMs: number | undefined;
  readonly allowed: readonly VerdictName[];
  /** Whether what is missing may be among its dead letters. Where nothing expires and nothing is wrong, nothing may. */
  readonly mayDeadLetter: boolean;
}

const ORDINARY = { from: {}, expiresMs: undefined, allowed: [], mayDeadLetter: false } as const;

/** Shorter than what some faults together take: what a server lets expire in its own queue its witness knows of. */
const EXPIRES_MS = patient(10_000);

/** More than any run makes: at its bound a route waits for room, as it says, and looks wedged. */
const MOST_LETTERS = 10_000_000;

/** Words of a route with a spool. */
export const SPOOL = { spool: { max: '64MiB' } } as const;

/** A class that is added here is in every run. */
export const CLASSES: Readonly<Record<TrafficClass, ChaosClass>> = {
  telemetry: { ...ORDINARY, route: { class: 'telemetry' } },
  command: {
    ...ORDINARY,
    route: { class: 'command', deadLetter: { max: MOST_LETTERS } },
    from: { expires: `${EXPIRES_MS}ms` },
    expiresMs: EXPIRES_MS,
    mayDeadLetter: true,
  },
  // What was under way when a bridge was killed comes again.
  event: { ...ORDINARY, route: { class: 'event' }, allowed: ['duplicated'] },
  audit: { ...ORDINARY, route: { class: 'audit' } },
};

/** Those of them that are asked for, `all` for every one. Throws on one that is not there. */
export function classesNamed(text: string): readonly TrafficClass[] {
  const known = Object.keys(CLASSES) as TrafficClass[];
  if (text === 'all') return known;
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`expected a class of ${known.join(', ')} or all, found ${name}`);
    return found;
  });
}
