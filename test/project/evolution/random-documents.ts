import type { Random } from './random.ts';

const NAMES = ['a', 'b', 'ab', 'c1', 'other', 'toString', 'abc'];
const TEXTS = [
  '',
  'a',
  'b',
  'ab',
  'abc',
  'c1',
  '12',
  'aaaa',
  '2026-11-28',
  '192.0.2.1',
  'a@example.org',
  '𝒳',
  '𝒳𝒳',
  'é1',
];
const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  10,
  11,
  12,
  -1,
  -2,
  0.5,
  1.5,
  2.5,
  3.5,
  0.1,
  0.3,
  0.07,
  1e21,
  2e21,
  2 ** 53,
  2 ** 40,
];

/** A document from few values, so that schemas with few values meet them. */
export function randomDocument(random: Random, depth = 3): unknown {
  const kind = random.upTo(depth <= 0 ? 4 : 9);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2 || kind === 3) return random.chance(0.7) ? random.of(NUMBERS) : random.upTo(12) - 2;
  if (kind === 4 || kind === 5) return random.of(TEXTS);
  if (kind < 8) {
    const repeated = random.chance(0.3) ? randomDocument(random, depth - 1) : undefined;
    return Array.from({ length: random.upTo(4) }, () => repeated ?? randomDocument(random, depth - 1));
  }
  const names = random.chance(0.1) ? [] : random.some(NAMES);
  return Object.fromEntries(names.map((name) => [name, randomDocument(random, depth - 1)]));
}

/** The document with one part replaced. */
export function near(random: Random, document: unknown): unknown {
  if (random.chance(0.2)) return randomDocument(random, 2);
  if (Array.isArray(document)) {
    const items: unknown[] = [...document];
    if (items.length === 0 || random.chance(0.3)) return [...items, randomDocument(random, 1)];
    if (random.chance(0.3)) return items.slice(1);
    const at = random.upTo(items.length - 1);
    return items.map((item, index) => (index === at ? near(random, item) : item));
  }
  if (typeof document === 'object' && document !== null) {
    const entries: [string, unknown][] = Object.entries(document);
    if (entries.length === 0 || random.chance(0.3))
      return { ...document, [random.of(NAMES)]: randomDocument(random, 1) };
    const at = random.upTo(entries.length - 1);
    if (random.chance(0.3)) return Object.fromEntries(entries.filter((_, index) => index !== at));
    return Object.fromEntries(entries.map(([name, held], index) => [name, index === at ? near(random, held) : held]));
  }
  return typeof document === 'number' ? document + random.of([1, -1, 0.5]) : randomDocument(random, 1);
}
