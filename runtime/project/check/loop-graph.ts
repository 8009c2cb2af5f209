import { isDeepStrictEqual } from 'node:util';
import type { Reach } from '#contract/reach.ts';
import { type AddressPattern, covers, LEVELS, PatternTree } from '#kit/address-pattern.ts';
import { pointerTo } from '#kit/pointer.ts';
import { addressOptionOf } from '../read/build-spec.ts';
import type { JudgedEnd } from '../fields/field.ts';
import { isKnown, type JudgedFile, judgedEnd } from '../read/ends.ts';
import { sinkPlaces } from '../read/sink-places.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { patternOfTemplate } from '../../template/template-pattern.ts';

/** A filter of a route's source: messages come in there. */
export interface Inlet {
  readonly route: string;
  readonly end: JudgedEnd;
  readonly reach: Reach;
  /** JSON pointer of the filter. */
  readonly at: string;
  readonly ways: Way[];
}

/** Messages that enter at one filter can leave and enter at another. */
export interface Way {
  readonly to: Inlet;
  /** JSON pointer of the address that it goes out to. */
  readonly at: string;
  /** `letters`: only as a dead letter. */
  readonly kind: 'messages' | 'letters';
  /** Whether every message does so, independent of its content. */
  readonly isSure: boolean;
}

interface Outlet {
  readonly end: JudgedEnd;
  readonly kind: Way['kind'];
  readonly at: string;
  readonly template: string;
  readonly route: string;
  /** Whether each message that comes in goes out there. */
  readonly isSure: boolean;
}

/** A source with more filters is one inlet: so many are generated, and templates would be filled in for each. */
const MOST_FILTERS = 64;

/** The inlets of all routes, with the inlets that each feeds. Ends with errors or unknown values have none. */
export function loopGraph(file: JudgedFile): readonly Inlet[] {
  const routes = asList(own(asMap(file.value), 'routes')).map(asMap);
  const pipeline = String(own(asMap(file.value), 'name'));
  const trees = new Map<string, PatternTree<Inlet>>();
  const inlets = routes.map((route, index) => {
    const at = pointerTo('/routes', index);
    const end = knownEnd(pointerTo(at, 'from'), 'from', file);
    if (end === undefined) return [];
    const name = String(own(route, 'name'));
    const reaches = end.bus.reads(end, { pipeline, route: name });
    const made = reaches.map((reach): Inlet => ({
      route: name,
      end,
      reach,
      at: pointerTo(end.at, ...reach.path),
      ways: [],
    }));
    const [first] = made;
    const isMany = made.length > MOST_FILTERS;
    for (const inlet of made) {
      for (const place of placesOf(end, inlet.reach.spaces, file)) {
        const tree = trees.get(place) ?? new PatternTree<Inlet>(end.bus.grammar.hidden);
        tree.add(inlet.reach.filter, isMany && first !== undefined ? first : inlet);
        trees.set(place, tree);
      }
    }
    return isMany ? made.slice(0, 1) : made;
  });
  for (const [index, route] of routes.entries()) {
    const ownInlets = inlets[index] ?? [];
    for (const outlet of outletsOf(pointerTo('/routes', index), route, file)) {
      const places = placesOf(outlet.end, outlet.end.bus.writes(outlet.end), file);
      for (const inlet of ownInlets)
        connect(
          inlet,
          outlet,
          places.flatMap((place) => trees.get(place) ?? []),
          ownInlets.length,
        );
    }
  }
  return inlets.flat();
}

function connect(inlet: Inlet, outlet: Outlet, trees: readonly PatternTree<Inlet>[], count: number): void {
  const { bus } = outlet.end;
  const all: AddressPattern = [LEVELS];
  const pattern = patternOfTemplate(outlet.template, {
    route: outlet.route,
    source: inlet.end.bus.grammar,
    target: bus.grammar,
    addresses: count > MOST_FILTERS ? all : (inlet.reach.addresses ?? inlet.reach.filter),
  });
  if (pattern === undefined) return;
  const met = new Set(trees.flatMap((tree) => [...tree.meeting(pattern)]));
  for (const to of met) {
    const isSure =
      outlet.isSure &&
      to.reach.isGuess !== true &&
      isSame(to.end, outlet.end) &&
      covers(to.reach.filter, pattern, bus.grammar.hidden);
    inlet.ways.push({ to, at: outlet.at, kind: outlet.kind, isSure });
  }
}

/** Two connections to one server may stand for two accounts, which see nothing of each other. */
function isSame(one: JudgedEnd, other: JudgedEnd): boolean {
  return one.connectionAt === other.connectionAt || isDeepStrictEqual(one.connection, other.connection);
}

function outletsOf(at: string, route: PlainMap, file: JudgedFile): Outlet[] {
  const name = String(own(route, 'name'));
  const from = asMap(own(route, 'from'));
  // A stage may drop or refuse a message that comes back, and so may dedupe.
  const passesAll = asList(own(route, 'stages')).length === 0 && own(from, 'dedupe') === undefined;
  const outlets: Outlet[] = [];
  const ways = [
    ...sinkPlaces(at, route).map((sink) => ({ endAt: sink.at, end: sink.to, kind: 'messages' }) as const),
    { endAt: pointerTo(at, 'deadLetter'), end: own(route, 'deadLetter'), kind: 'letters' } as const,
  ];
  for (const { endAt, end: written, kind } of ways) {
    const end = knownEnd(endAt, 'to', file);
    if (end === undefined) continue;
    const options = asMap(written);
    const option = addressOptionOf(end.bus, options);
    const template = own(options, option);
    const isNamed = typeof template === 'string';
    outlets.push({
      end,
      kind,
      at: isNamed ? pointerTo(end.at, option) : end.at,
      template: isNamed ? template : '',
      route: name,
      // A message that `when` keeps from this sink does not come back by it.
      isSure: kind === 'letters' || (passesAll && own(options, 'when') === undefined),
    });
  }
  return outlets;
}

function knownEnd(at: string, kind: 'from' | 'to', file: JudgedFile): JudgedEnd | undefined {
  const end = judgedEnd(at, kind, file);
  return end === undefined || !isKnown(end.at, file) || file.findings.hasErrorWithin(end.at) ? undefined : end;
}

/** The locations that an end reads or writes: each of its spaces on each of its servers. */
function placesOf(end: JudgedEnd, spaces: readonly string[], file: JudgedFile): readonly string[] {
  // The server is unknown (a reference): it is at least the same for the same connection.
  const servers = isKnown(end.connectionAt, file) ? end.bus.servers(end.connection) : [end.connectionAt];
  return servers.flatMap((server) => spaces.map((space) => `${server}\n${space}`));
}
