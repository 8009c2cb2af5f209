import { type BusName, crossesDomains, isNarrow, isOffAndOn, type Need, type Side } from './needs.ts';
import { type Candidate, rank } from './rank.ts';
import type { Place } from './rule.ts';

/** A bus of one end of a need, and how it was found. */
export interface EndAdvice {
  readonly bus: BusName;
  /** `given`: the file says so. `other`: the bus of the other end. `advised`: the best of the candidates. */
  readonly by: 'given' | 'other' | 'advised';
  /** All buses, the best first. */
  readonly candidates: readonly Candidate[];
  readonly side: Side;
}

export interface EndsAdvice {
  readonly producers: EndAdvice;
  readonly consumers: EndAdvice;
  /** Whether a bridge stands between them: two buses, or two servers of one bus. */
  readonly isBridged: boolean;
}

/** Without another bus there is no bridge to operate. */
const ONE_BUS_LESS = 2;

/** Which bus stands at each end of a need. */
export function endsOf(need: Need, have: readonly BusName[]): EndsAdvice {
  const place = (end: Place['end']): Place => ({ need, end, side: need[end], have });
  const [hasProducers, hasConsumers] = [isDescribed(need.producers), isDescribed(need.consumers)];
  const isBothSame = !hasProducers && !hasConsumers;
  const first = hasProducers && !(hasConsumers && need.consumers.on !== undefined) ? 'producers' : 'consumers';
  const second = first === 'producers' ? 'consumers' : 'producers';
  const one = endAdvice(place(first), undefined);
  const other = isBothSame ? { ...one, by: 'other' as const, side: need[second] } : endAdvice(place(second), one.bus);
  const ends = first === 'producers' ? { producers: one, consumers: other } : { producers: other, consumers: one };
  const hasTwoServers = hasOwnServer(need.producers) || hasOwnServer(need.consumers) || crossesDomains(need);
  return { ...ends, isBridged: one.bus !== other.bus || hasTwoServers };
}

/** Whether the file says anything of a side. */
function isDescribed(side: Side): boolean {
  return side.on !== undefined || isRemote(side);
}

/** A place that is not the centre. */
export function isRemote(side: Side): boolean {
  return side.devices > 0 || side.link !== 'lan' || isNarrow(side);
}

/** A site whose work must go on while its link is away has a server of its own. Devices have none. */
export function hasOwnServer(side: Side): boolean {
  return isOffAndOn(side) && side.devices === 0;
}

function endAdvice(place: Place, other: BusName | undefined): EndAdvice {
  const ranked = rank(place);
  const candidates = other === undefined ? ranked : withBonus(ranked, other);
  const { on } = place.side;
  const [best] = candidates;
  const bus = on ?? best?.bus ?? 'jetstream';
  const by = on === undefined ? 'advised' : 'given';
  return { bus, by, candidates, side: place.side };
}

function withBonus(candidates: readonly Candidate[], other: BusName): readonly Candidate[] {
  const reason = {
    weight: ONE_BUS_LESS,
    where: 'the other side is on this bus',
    why: 'with one bus less there is less to operate, and perhaps no bridge',
  };
  return candidates
    .map((candidate) =>
      candidate.bus === other
        ? { ...candidate, points: candidate.points + ONE_BUS_LESS, reasons: [...candidate.reasons, reason] }
        : candidate,
    )
    .toSorted((a, b) => Number(a.isExcluded) - Number(b.isExcluded) || b.points - a.points);
}
