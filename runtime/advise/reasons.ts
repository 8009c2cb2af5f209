import type { EndAdvice } from './ends.ts';
import { CLOSE, type Candidate, type Reason } from './rank.ts';

/** A bus that was not chosen, and the strongest reason against it. */
export interface Other {
  readonly bus: string;
  /** `4 points`, or `excluded`. */
  readonly weight: string;
  /** Whether it lost by little. */
  readonly isClose: boolean;
  /** Whether it has more points than the one that is there already. */
  readonly isBetter: boolean;
  readonly why: string;
}

/** The reasons for the bus of an end, the strongest first. */
export function reasonsFor({ bus, candidates }: EndAdvice): readonly Reason[] {
  const chosen = candidates.find((candidate) => candidate.bus === bus);
  return (chosen?.reasons ?? []).toSorted((a, b) => strength(b) - strength(a));
}

function strength({ weight }: Reason): number {
  return weight === 'never' ? -Infinity : weight;
}

/** The other buses of an end, the best first. */
export function othersThan({ bus, candidates }: EndAdvice): readonly Other[] {
  const chosen = candidates.find((candidate) => candidate.bus === bus);
  const points = chosen === undefined || chosen.isExcluded ? -Infinity : chosen.points;
  return candidates
    .filter((candidate) => candidate !== chosen)
    .map((candidate) => ({
      bus: candidate.bus,
      weight: candidate.isExcluded ? 'excluded' : inPoints(candidate.points),
      isClose: !candidate.isExcluded && points - candidate.points <= CLOSE,
      isBetter: !candidate.isExcluded && candidate.points > points,
      why: whyNot(candidate, chosen, !candidate.isExcluded && candidate.points > points),
    }));
}

/** `1 point`, `4 points`. */
export function inPoints(points: number): string {
  return `${points} ${points === 1 ? 'point' : 'points'}`;
}

/** The strongest reason against a bus, or what speaks more for the chosen one. */
function whyNot({ bus, reasons }: Candidate, chosen: Candidate | undefined, isBetter: boolean): string {
  const best = reasons.toSorted((a, b) => strength(b) - strength(a))[0];
  if (isBetter && best !== undefined) return `${best.why} (where ${best.where})`;
  const weakest = reasons.toSorted((a, b) => strength(a) - strength(b))[0];
  if (weakest !== undefined && strength(weakest) < 0) return `${weakest.why} (where ${weakest.where})`;
  const gaps = (chosen?.reasons ?? []).map((reason) => ({
    reason,
    gap: strength(reason) - strength(reasons.find(({ where }) => where === reason.where) ?? { ...reason, weight: 0 }),
  }));
  const [most] = gaps.toSorted((a, b) => b.gap - a.gap);
  return most === undefined || most.gap <= 0
    ? `${bus} does it too`
    : `more speaks for ${chosen?.bus ?? 'the other'}: ${most.reason.why} (where ${most.reason.where})`;
}
