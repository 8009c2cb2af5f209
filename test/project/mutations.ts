/** A source of numbers that a seed fixes. */
export interface Dice {
  /** From 0, below `sides`. */
  roll(sides: number): number;
  of<Item>(items: readonly Item[]): Item;
}

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const roll = (sides: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
  return {
    roll,
    of(items) {
      const item = items[roll(items.length)];
      if (item === undefined) throw new RangeError('no items');
      return item;
    },
  };
}

type Make = (length: number) => string;

const repeated =
  (part: string, before = '', after = ''): Make =>
  (length) =>
    before + part.repeat(Math.ceil(length / part.length)) + after;

const listed =
  (itemOf: (index: number) => string, before: string, after: string): Make =>
  (length) =>
    before + Array.from({ length: Math.min(length, 20_000) }, (_, index) => itemOf(index)).join(', ') + after;

/** Values that make a search explode, each of about the length that it is asked for. */
const VALUES: readonly Make[] = [
  repeated('a'),
  repeated('{', '"', '"'),
  repeated('{{{{}', '"', '"'),
  repeated('{body.a}', '"', '"'),
  repeated('{b.a}', '"', '"'),
  repeated('{body.', '"', 'a}"'),
  repeated('*/', '"', '#"'),
  repeated('+/', '["', '#"]'),
  repeated('*.', '["', '>"]'),
  repeated('#.', '"', '"'),
  repeated('a.', '"', '"'),
  repeated('.', '"', '"'),
  repeated(' ', '"', 'x"'),
  repeated('-', '"', '!"'),
  repeated('%', '"', '"'),
  repeated('9'),
  repeated('9', '', 'ms'),
  repeated('0', '', '.1e999'),
  repeated('f', '0x'),
  repeated('a@', '"mqtt://', '"'),
  repeated('[', '"nats://', '"'),
  repeated('a,', '"nats://', '"'),
  repeated('A', 'env:'),
  repeated('|', 'env:A', ''),
  repeated('a:b@', '"env:A|mqtt://', '"'),
  repeated('../', 'file:', 'x'),
  repeated('['),
  repeated('[', '', ']'),
  repeated('{a: '),
  repeated('a: '),
  repeated('- '),
  repeated('? '),
  repeated('&a '),
  repeated('!'),
  repeated('!<'),
  repeated(','),
  repeated('%\n'),
  repeated('#\n'),
  repeated('---\n'),
  repeated('\t\n'),
  repeated(' x\n', '|\n'),
  repeated('\\n', '"'),
  listed((index) => `k${index}: 1`, '{', '}'),
  listed(() => 'k: 1', '{', '}'),
  listed((index) => `"k ${index}": 1`, '{', '}'),
  listed((index) => `"t${index}.*.>"`, '[', ']'),
  listed((index) => `"*.*.*.${index}"`, '[', ']'),
  listed((index) => `"t${index}/+/#"`, '[', ']'),
  listed(() => '"env:A|a/#"', '[', ']'),
  listed((index) => `env:A${index}`, '[', ']'),
  listed(() => 'a', '[', ']'),
  listed((index) => `{ function: f${index} }`, '[', ']'),
  listed(() => '{ map: x }', '[', ']'),
  listed((index) => `{ name: r${index}, from: { bus: field }, to: { bus: core } }`, '[', ']'),
  listed(() => '{ name: r, deadLetter: { bux: a }, x: 1, from: { bus: 1 }, to: 2 }', '[', ']'),
  () => 'null',
  () => '""',
  () => '-0',
  () => '1e308',
  () => '.inf',
  () => 'true',
  () => '&a [*a, *a]',
  () => '{ <<: *a }',
  () => 'env:NOT_SET',
  () => 'file:/dev/zero',
  () => '!!binary aaa',
  () => '__proto__: 1',
];

/** The billion laughs: each line holds the one before ten times, as items or as merged maps. */
function laughs(levels: number, how: 'listed' | 'merged'): readonly string[] {
  const lines = [`a0: &a0 ${how === 'listed' ? '[x]' : '{ x: 1 }'}`];
  for (let level = 1; level < levels; level += 1) {
    const ten = Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ');
    lines.push(`a${level}: &a${level} ${how === 'listed' ? `[${ten}]` : `{ <<: [${ten}], k${level}: 1 }`}`);
  }
  return lines;
}

const LENGTHS = [1, 10, 100, 1000, 1000, 10_000, 10_000, 100_000, 200_000];
const MARKS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '&a ',
  '*a',
  '!',
  '|',
  '>',
  '"',
  "'",
  '#',
  '\t',
  '- ',
  '? ',
  ', ',
  '%',
  '\r',
  '\u2028',
];

/** What each mutation does to the lines of a file. */
const MUTATIONS: readonly ((lines: string[], dice: Dice) => void)[] = [
  (lines, dice) => lines.splice(dice.roll(lines.length), 1),
  (lines, dice) => {
    const at = dice.roll(lines.length);
    const line = lines[at] ?? '';
    lines.splice(at, 0, ...Array.from({ length: dice.of([1, 10, 1000]) }, () => line));
  },
  (lines, dice) => replaceIn(lines, dice, /: .*$/, (value) => `: ${value}`),
  (lines, dice) => replaceIn(lines, dice, /: .*$/, (value) => `: ${value}`),
  (lines, dice) => replaceIn(lines, dice, /"[^"]*"|'[^']*'|[A-Za-z0-9.-]+(?= *[,}\]]|$)/, (value) => value),
  (lines, dice) => replaceIn(lines, dice, /^( *)([a-z]+)/, (value) => value),
  (lines, dice) => {
    const [one, other] = [dice.roll(lines.length), dice.roll(lines.length)];
    [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
  },
  (lines, dice) => lines.unshift(...laughs(3 + dice.roll(20), dice.of(['listed', 'merged']))),
  (lines, dice) => {
    const at = dice.roll(lines.length);
    const line = lines[at] ?? '';
    const column = dice.roll(line.length + 1);
    lines[at] = line.slice(0, column) + dice.of(MARKS).repeat(dice.of([1, 1, 3, 1000, 50_000])) + line.slice(column);
  },
  (lines, dice) => {
    const from = dice.roll(lines.length);
    const block = lines.slice(from, from + 1 + dice.roll(lines.length - from));
    const copies = Array.from({ length: dice.of([1, 10, 300]) }, () => block).flat();
    lines.splice(dice.roll(lines.length), 0, ...copies.slice(0, 20_000));
  },
];

function replaceIn(lines: string[], dice: Dice, what: RegExp, by: (value: string) => string): void {
  const at = dice.roll(lines.length);
  const value = dice.of(VALUES)(dice.of(LENGTHS));
  lines[at] = (lines[at] ?? '').replace(what, () => by(value));
}

/** The file with one to three things changed, by the seed alone. */
export function mutated(text: string, seed: number): string {
  const dice = diceOf(seed);
  const lines = text.split('\n');
  for (let count = 1 + dice.roll(3); count > 0; count -= 1) {
    if (lines.length === 0) lines.push('');
    dice.of(MUTATIONS)(lines, dice);
    // What grows on is refused by its length alone.
    if (lines.reduce((sum, line) => sum + line.length, 0) > 2_000_000) break;
  }
  return lines.join('\n');
}
