/** Most steps over a damaged place: each doubles the distance, and more would exceed the range of row numbers. */
const MAX_LEAPS = 50;
/** Most damaged places that are stepped over. */
const MAX_DAMAGES = 10_000;

/** Rows of a damaged table, by row number. Both may throw where a page cannot be read. */
export interface DamagedRows<Row> {
  /** The rows after `past`, in order. */
  from(past: number): Iterator<Row>;
  /** Looks up the first row after `past`. */
  reach(past: number): void;
  numberOf(row: Row): number;
}

/** All readable rows in order, before and after each damaged place. Never throws. */
export function* readableRows<Row>(rows: DamagedRows<Row>): Generator<Row> {
  let past = 0;
  for (let damages = 0; damages < MAX_DAMAGES; damages += 1) {
    let hasEnded = true;
    const at = past;
    const next = attempt(() => rows.from(at));
    for (;;) {
      const read = attempt(() => next?.next());
      if (read === undefined) hasEnded = false;
      if (read === undefined || read.done === true) break;
      past = rows.numberOf(read.value);
      yield read.value;
    }
    if (hasEnded) return;
    const leap = leapFrom(rows, past);
    if (leap === undefined) return;
    past += leap;
  }
}

/** The first readable row number after the damaged place that follows `past`; undefined where nothing can be read. */
function leapFrom<Row>(rows: DamagedRows<Row>, past: number): number | undefined {
  const lands = (leap: number): boolean =>
    attempt(() => {
      rows.reach(past + leap);
      return true;
    }) === true;
  let far = 1;
  for (let leaps = 0; !lands(far); leaps += 1) {
    if (leaps === MAX_LEAPS) return undefined;
    far *= 2;
  }
  let near = Math.floor(far / 2);
  while (far - near > 1) {
    const middle = Math.floor((near + far) / 2);
    if (lands(middle)) far = middle;
    else near = middle;
  }
  return far;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
