/** Leaps double: more of them than this would leave the numbers there are. */
const MAX_LEAPS = 50;
/** Damaged places that are stepped over, before the rest is given up. */
const MAX_DAMAGES = 10_000;

/** Rows of a damaged table, by their number. Both may throw, which means that a place cannot be read. */
export interface DamagedRows<Row> {
  /** Those behind `past`, in order. */
  from(past: number): Iterator<Row>;
  /** Looks up the first one behind `past`. */
  reach(past: number): void;
  numberOf(row: Row): number;
}

/** Rows in their order, up to each damaged place, and from behind it on. Never throws. */
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

/** The shortest way over the damaged place behind `past`; undefined where nothing behind it can be read. */
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
