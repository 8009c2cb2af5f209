import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { FindingList } from '../check/finding-list.ts';
import { sinkPlaces } from '../read/sink-places.ts';
import { routesOf } from './label-file.ts';

/** Refuses words about labels in a file that names no policy: they would look as if somebody judged by them. */
export function refuseWithoutPolicy(file: unknown, findings: FindingList): void {
  const refuse = (at: string, map: object, words: readonly string[]): void => {
    for (const word of words) {
      if (!Object.hasOwn(map, word) || findings.isClaimed(pointerTo(at, word))) continue;
      findings.add({
        code: 'LABEL_POLICY',
        at: pointerTo(at, word),
        side: 'key',
        expected: `labels: NAME in the file, the policy schemas/NAME.policy.json, beside ${word}`,
        found: 'no policy: labels are carried and not judged',
        write: 'labels: NAME',
      });
    }
  };
  refuse('', asMap(file), ['guards']);
  for (const [name, connection] of Object.entries(asMap(own(asMap(file), 'buses')))) {
    refuse(pointerTo('/buses', name), asMap(connection), ['ceiling', 'floor']);
  }
  for (const [index, route] of routesOf(file).entries()) {
    const at = pointerTo('/routes', index);
    refuse(pointerTo(at, 'from'), asMap(own(asMap(route), 'from')), ['missingLabel', 'binding']);
    for (const sink of sinkPlaces(at, route)) refuse(sink.at, asMap(sink.to), ['sign']);
  }
}
