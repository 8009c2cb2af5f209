/** What arrived, compared with what was sent. */
export interface Judged {
  readonly lost: number;
  /** Arrived for the first time behind a later one of its key. */
  readonly reordered: number;
  readonly repeated: number;
}

/** A message of the benchmark: its key, and its number within the key. */
export interface Numbered {
  readonly key: string;
  readonly number: number;
}

/** So many messages, the keys in turn. */
export function* numbered(count: number, keys: number): Generator<Numbered> {
  for (let at = 0; at < count; at += 1) yield { key: `k${at % keys}`, number: Math.floor(at / keys) };
}

/** `arrived`: in the order of the sink. */
export function judge(arrived: Iterable<Numbered>, count: number): Judged {
  const newest = new Map<string, number>();
  const seen = new Set<string>();
  let [reordered, repeated] = [0, 0];
  for (const { key, number } of arrived) {
    const name = `${key}/${number}`;
    if (seen.has(name)) {
      repeated += 1;
      continue;
    }
    seen.add(name);
    const before = newest.get(key) ?? -1;
    if (number < before) reordered += 1;
    else newest.set(key, number);
  }
  return { lost: count - seen.size, reordered, repeated };
}
