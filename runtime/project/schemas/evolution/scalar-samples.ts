import { keyword, type Place } from './place.ts';
import { divisorsOf, rangeOf } from './numbers.ts';
import { FORMAT_SAMPLES } from './format-samples.ts';
import { patternSamples } from './pattern-samples.ts';
import { sizeOf, textsOf } from './sizes.ts';

const LONGEST = 100_000;

/** Numbers at the edges of the places and of the hints. */
export function numberSamples(places: readonly Place[], hints: readonly Place[]): readonly number[] {
  const edges = [places, hints].flatMap((some) => {
    const { low, high } = rangeOf(some);
    return [low, high];
  });
  const words = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
  for (const place of hints) for (const word of words) edges.push(Number(keyword(place, word) ?? 0));
  const near = [0, ...edges].flatMap((edge) => [
    edge,
    edge + 1,
    edge - 1,
    edge + 0.5,
    edge - 0.5,
    edge + 0.001,
    edge - 0.001,
  ]);
  const divisors = divisorsOf(places);
  const common = divisors.reduce((product, divisor) => product * divisor, 1);
  const steps = [...divisors, common].flatMap((divisor) => [
    divisor,
    -divisor,
    2 * divisor,
    3 * divisor,
    ...edges.flatMap((edge) => [Math.ceil(edge / divisor) * divisor, Math.floor(edge / divisor) * divisor]),
  ]);
  const { low, high } = rangeOf(places);
  const all = [...near, ...steps, (low + high) / 2, 2 ** 31, 2 ** 53, 1e21, 0.1, 7, 11];
  return [...new Set(all)].filter(Number.isFinite);
}

/** Texts at the edges of the places and of the hints. */
export function* textSamples(places: readonly Place[], hints: readonly Place[]): Generator<string> {
  const here = sizeOf(places, 'minLength', 'maxLength');
  const there = sizeOf(hints, 'minLength', 'maxLength');
  const lengths = new Set([here.least, here.most, there.least - 1, there.most + 1, 0, 1, 2, here.least + 1, 12, 70]);
  const usable = [...lengths].filter((length) => length >= 0 && length <= LONGEST);
  for (const format of textsOf(places, 'format')) yield* FORMAT_SAMPLES[format] ?? [];
  for (const pattern of textsOf(places, 'pattern')) yield* patternSamples(pattern, [1, 2, 0, 3, 5, 9, ...usable]);
  for (const length of usable) yield* ['a', 'Z', '0', '-', '𝒳', ' '].map((character) => character.repeat(length));
  for (const format of Object.values(FORMAT_SAMPLES)) yield* format;
  for (const pattern of textsOf(hints, 'pattern')) yield* patternSamples(pattern, [1, 2]);
}
