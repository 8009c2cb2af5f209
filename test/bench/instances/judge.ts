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

/** So many messages. The keys come in no order: where they came in turn, a server that deals in turn would give each key to one process. */
export function* numbered(count: number, keys: number): Generator<Numbered> {
  const next = Array.from({ length: keys }, () => 0);
  let random = 1;
  for (let made = 0; made < count; made += 1) {
    random = (random * 48_271) % 2_147_483_647;
    const at = random % keys;
    const number = next[at] ?? 0;
    next[at] = number + 1;
    yield { key: `k${at}`, number };
  }
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
