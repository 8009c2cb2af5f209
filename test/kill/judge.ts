/** One numbered message: 1, 2, 3 and so on within its key. */
export interface Mark {
  readonly key: string;
  readonly number: number;
}

/** What became of a backlog, in messages. */
export interface Verdict {
  /** Sent and not there. */
  readonly lost: number;
  /** There again. */
  readonly duplicated: number;
  /** There for the first time behind a greater number of its key. */
  readonly inverted: number;
  /** Behind a greater number of its key, repetitions included. */
  readonly stepsBack: number;
  /** There and never sent. */
  readonly unknown: number;
  /** The first few of what is wrong, in words. */
  readonly examples: readonly string[];
}

/** Nothing to complain of. */
export const FLAWLESS: Verdict = { lost: 0, duplicated: 0, inverted: 0, stepsBack: 0, unknown: 0, examples: [] };

const MAX_EXAMPLES = 8;

/** Judges what a stream holds, in its order, against what was sent. */
export function judge(sent: Iterable<Mark>, stored: Iterable<Mark>): Verdict {
  const missing = new Map<string, Mark>();
  for (const mark of sent) missing.set(nameOf(mark), mark);
  const known = new Set(missing.keys());
  const greatest = new Map<string, number>();
  const examples: string[] = [];
  const tell = (what: string): void => void (examples.length < MAX_EXAMPLES && examples.push(what));
  let duplicated = 0;
  let inverted = 0;
  let stepsBack = 0;
  let unknown = 0;
  let position = 0;
  for (const mark of stored) {
    position += 1;
    const name = nameOf(mark);
    if (!known.has(name)) {
      unknown += 1;
      tell(`${name} at ${position} was never sent`);
      continue;
    }
    const before = greatest.get(mark.key) ?? 0;
    const isFirst = missing.delete(name);
    if (!isFirst) {
      duplicated += 1;
      tell(`${name} at ${position} is there again`);
    }
    if (mark.number < before) {
      stepsBack += 1;
      if (isFirst) {
        inverted += 1;
        tell(`${name} at ${position} stands behind ${before}`);
      }
    } else greatest.set(mark.key, mark.number);
  }
  for (const name of missing.keys()) tell(`${name} is lost`);
  return { lost: missing.size, duplicated, inverted, stepsBack, unknown, examples };
}

function nameOf({ key, number }: Mark): string {
  return `${key} ${number}`;
}
