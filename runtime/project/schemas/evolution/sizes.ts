import { asList, isMap } from '#kit/json-value.ts';
import { keyword, type Place } from './place.ts';

/** The greatest lower bound of these keywords, and the least upper one. */
export function sizeOf(places: readonly Place[], least: string, most: string): { least: number; most: number } {
  const size = { least: 0, most: Infinity };
  for (const place of places) {
    const [low, high] = [keyword(place, least), keyword(place, most)];
    if (typeof low === 'number') size.least = Math.max(size.least, low);
    if (typeof high === 'number') size.most = Math.min(size.most, high);
  }
  return size;
}

/** Every value of a keyword that holds a text. */
export function textsOf(places: readonly Place[], word: string): ReadonlySet<string> {
  return new Set(
    places.flatMap((place) => {
      const text = keyword(place, word);
      return typeof text === 'string' ? [text] : [];
    }),
  );
}

/** Every name in the maps that a keyword holds. */
export function namesOf(places: readonly Place[], word: string): readonly string[] {
  return places.flatMap((place) => {
    const held = keyword(place, word);
    return isMap(held) ? Object.keys(held) : [];
  });
}

/** The lengths of the tuples of the places. */
export function tupleLength(places: readonly Place[]): number {
  return Math.max(
    0,
    ...places.flatMap((place) => [
      asList(keyword(place, 'prefixItems')).length,
      asList(keyword(place, 'items')).length,
    ]),
  );
}
