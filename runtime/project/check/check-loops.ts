import type { JudgedFile } from '../read/ends.ts';
import { type Inlet, loopGraph, type Way } from './loop-graph.ts';

/** One cycle: from an inlet back to it. */
type Loop = readonly { readonly from: Inlet; readonly way: Way }[];

/** Reports routes whose messages come back to them: each cycle once, certain ones first. */
export function checkLoops(file: JudgedFile): void {
  const inlets = loopGraph(file);
  const told = new Set<string>();
  for (const isFollowed of [carriesAll, () => true]) {
    for (const loop of loopsOf(inlets, isFollowed)) {
      const routes = [...new Set(loop.map(({ from }) => from.route))];
      // A route into itself is reported for each of its ends, a cycle over several routes once.
      const own = routes.length === 1 ? loop.at(-1)?.way.at : undefined;
      const name = own ?? routes.toSorted().join(' ');
      if (told.has(name)) continue;
      told.add(name);
      tell(loop, routes, file);
    }
  }
}

function carriesAll({ kind, isSure }: Way): boolean {
  return kind === 'messages' && isSure;
}

function tell(loop: Loop, routes: readonly string[], { findings }: JudgedFile): void {
  const last = loop.at(-1);
  if (last === undefined) return;
  const { from, way } = last;
  const isSure = loop.every((step) => step.way.isSure) && (routes.length === 1 || !hasLetters(loop));
  const what = way.kind === 'letters' ? 'its dead letters' : 'what it sends';
  const may = isSure ? '' : 'may ';
  const path = routes.slice(0, -1).map((route) => `route ${route}`);
  const round = path.length === 0 ? 'its own source' : `${path.join(', then ')}, and so to itself,`;
  findings.add({
    code: 'ROUTE_LOOP',
    at: way.at,
    severity: isSure ? 'error' : 'warning',
    expected: 'a route whose messages do not come back to it',
    found: `route ${from.route}: ${what} ${may}come${isSure ? 's' : ''} to ${round} by the filter at ${findings.placeOf(way.to.at)}`,
    write: 'another address here, or a filter there that leaves it out',
  });
}

function hasLetters(loop: Loop): boolean {
  return loop.some(({ way }) => way.kind === 'letters');
}

/** A shortest cycle of each group of inlets that feed one another, and each direct cycle from a route into itself. */
function* loopsOf(inlets: readonly Inlet[], isFollowed: (way: Way) => boolean): Generator<Loop> {
  const grouped = new Set<Inlet>();
  for (const from of inlets) {
    for (const way of from.ways) if (way.to === from && isFollowed(way)) yield [{ from, way }];
  }
  for (const from of inlets) {
    if (grouped.has(from)) continue;
    const loop = roundFrom(from, isFollowed);
    if (loop === undefined) continue;
    for (const step of loop) grouped.add(step.from);
    yield loop;
  }
}

/** A shortest cycle from an inlet over others back to it. */
function roundFrom(start: Inlet, isFollowed: (way: Way) => boolean): Loop | undefined {
  const cameBy = new Map<Inlet, { readonly from: Inlet; readonly way: Way }>();
  const waiting = [start];
  for (let from = waiting.shift(); from !== undefined; from = waiting.shift()) {
    for (const way of from.ways) {
      if (way.to === from || !isFollowed(way)) continue;
      if (way.to === start) return pathTo(start, { from, way }, cameBy);
      if (cameBy.has(way.to)) continue;
      cameBy.set(way.to, { from, way });
      waiting.push(way.to);
    }
  }
  return undefined;
}

function pathTo(
  start: Inlet,
  last: { readonly from: Inlet; readonly way: Way },
  cameBy: ReadonlyMap<Inlet, { readonly from: Inlet; readonly way: Way }>,
): Loop {
  const path = [last];
  for (let step = last; step.from !== start;) {
    const before = cameBy.get(step.from);
    if (before === undefined) break;
    path.unshift(before);
    step = before;
  }
  return path;
}
