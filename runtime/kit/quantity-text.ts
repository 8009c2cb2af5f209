const SIZES = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

const TIMES = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** `1.5 MiB`: for people, so with one decimal at most. */
export function sizeText(bytes: number): string {
  return scaledText(bytes, SIZES, 'B');
}

/** `90 s` as `1.5 m`. */
export function durationText(ms: number): string {
  return scaledText(ms, TIMES, 'ms');
}

function scaledText(value: number, units: readonly (readonly [string, number])[], smallest: string): string {
  const [unit, factor] = units.find(([, size]) => value >= size) ?? [smallest, 1];
  return `${Number((value / factor).toFixed(1))} ${unit}`;
}
