import { BUSES, type BusName } from './needs.ts';
import { NEED_RULES } from './need-rules.ts';
import { PLACE_RULES } from './place-rules.ts';
import type { Place, Rule, Weight } from './rule.ts';

export const RULES: readonly Rule[] = [...PLACE_RULES, ...NEED_RULES];

export interface Reason {
  readonly weight: Weight;
  readonly where: string;
  readonly why: string;
}

/** A bus at a place: its points, and the rules that gave them. */
export interface Candidate {
  readonly bus: BusName;
  readonly points: number;
  /** Whether a rule says never. */
  readonly isExcluded: boolean;
  readonly reasons: readonly Reason[];
}

/** With equal points the one that is less to operate comes first. */
const BY_EASE: readonly BusName[] = ['nats', 'jetstream', 'mqtt', 'rabbitmq', 'kafka'];

/** All buses for a place, the best first; those that a rule excludes last. */
export function rank(place: Place): readonly Candidate[] {
  return BUSES.map((bus) => judged(bus, place)).toSorted(
    (a, b) =>
      Number(a.isExcluded) - Number(b.isExcluded) ||
      b.points - a.points ||
      BY_EASE.indexOf(a.bus) - BY_EASE.indexOf(b.bus),
  );
}

function judged(bus: BusName, place: Place): Candidate {
  const reasons = RULES.filter((rule) => rule[bus] !== undefined && rule.holds(place)).map((rule): Reason => {
    const [weight, why] = rule[bus] ?? [0, ''];
    return { weight, where: rule.where, why };
  });
  return {
    bus,
    points: reasons.reduce((sum, { weight }) => sum + (weight === 'never' ? 0 : weight), 0),
    isExcluded: reasons.some(({ weight }) => weight === 'never'),
    reasons,
  };
}

/** A candidate that lost by this much or less is close. */
export const CLOSE = 2;
