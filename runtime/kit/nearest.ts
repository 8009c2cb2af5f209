/**
 * Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours, one each. Gives up
 * with `limit + 1` once the distance must exceed `limit`.
 */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    if (Math.min(...current) > limit) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

const SHORTEST_STEM = 3;

function isStem(stem: string, of: string): boolean {
  return stem.length >= SHORTEST_STEM && of.length > stem.length && of.startsWith(stem);
}

/** `int` for `integer`, `username` for `user`: the shortest of those that begin with the name, or the longest that it begins with. */
function sameStem(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const longer = known.filter((candidate) => isStem(wanted, candidate.toLowerCase()));
  const shorter = known.filter((candidate) => isStem(candidate.toLowerCase(), wanted));
  return longer.toSorted((a, b) => a.length - b.length)[0] ?? shorter.toSorted((a, b) => b.length - a.length)[0];
}

/**
 * The known name that was most likely intended: a typing error, or else a short or long form; undefined when none is near.
 * Case is ignored.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  return nearestSpelling(name, names) ?? sameStem(name, names);
}

function nearestSpelling(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let limit = Math.max(1, Math.floor(name.length / 3));
  let nearest: string | undefined;
  for (const candidate of known) {
    const far = distance(wanted, candidate.toLowerCase(), limit);
    if (far > limit || candidate === name) continue;
    nearest = candidate;
    limit = far - 1;
    if (limit < 0) break;
  }
  return nearest;
}

/** The text after an unknown name: `; did you mean NAME?`, or an empty one where none is near. `dashes`: put before the name. */
export function didYouMean(name: string, known: Iterable<string>, dashes = ''): string {
  const near = nearestName(name, known);
  return near === undefined ? '' : `; did you mean ${dashes}${near}?`;
}
