import { asMap, isMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { namesRegistry } from '../fields/codec-fields.ts';
import type { RouteSite } from '../fields/field.ts';
import { oneOf } from './describe.ts';
import type { FindingList } from './finding-list.ts';

/** Refuses a codec with a schema whose words do not go together. */
export function checkCodec(end: 'from' | 'to'): (site: RouteSite) => void {
  return ({ at, sinkAt, route, findings, catalog }) => {
    const codec = own(asMap(own(route, end)), 'codec');
    const place = pointerTo(end === 'to' ? sinkAt : pointerTo(at, end), 'codec');
    if (!isMap(codec) || findings.hasErrorWithin(place)) return;
    const kinds = [...catalog.schemaCodecs.values()];
    const [kind, second] = kinds.filter(({ name }) => Object.hasOwn(codec, name));
    const forms = kinds.map(({ name, needs }) => `{ ${[name, ...needs].map((word) => `${word}: ...`).join(', ')} }`);
    if (kind === undefined) {
      const found = Object.keys(codec).join(' and ');
      findings.add({ code: 'MISSING_FIELD', at: place, expected: oneOf(forms), found, write: `codec: ${forms[0]}` });
      return;
    }
    if (second !== undefined) {
      const found = `${kind.name} and ${second.name}`;
      const write = `nothing: remove ${second.name}`;
      findings.add({
        code: 'OPTIONS_CONFLICT',
        at: pointerTo(place, second.name),
        side: 'key',
        expected: 'one codec',
        found,
        write,
      });
      return;
    }
    for (const word of kind.needs.filter((name) => !Object.hasOwn(codec, name))) {
      const expected = `${word} beside ${kind.name}`;
      findings.add({
        code: 'MISSING_FIELD',
        at: pointerTo(place, word),
        expected,
        found: 'no such key',
        write: `${word}: ...`,
      });
    }
    const confluent = asMap(own(codec, 'confluent'));
    const schema = own(codec, kind.name);
    checkUrl(own(confluent, 'registry'), pointerTo(place, 'confluent', 'registry'), findings);
    const ids = own(confluent, 'ids');
    const lacksOwn = isMap(ids) && typeof schema === 'string' && !Object.hasOwn(ids, schema);
    if (end === 'to' && lacksOwn && !namesRegistry(codec)) {
      findings.add({
        code: 'MISSING_FIELD',
        at: pointerTo(place, 'confluent', 'ids', schema),
        expected: `the id of ${schema}, which stands before what is written`,
        found: 'no such key',
        write: `ids: { ${schema}: 1 }, with its id`,
      });
    }
    for (const word of Object.keys(codec)) {
      if (word === kind.name || Object.hasOwn(kind.options, word)) continue;
      findings.add({
        code: 'OPTIONS_CONFLICT',
        at: pointerTo(place, word),
        side: 'key',
        expected: `an option of ${kind.name}`,
        found: word,
        write: `nothing: remove ${word}`,
      });
    }
  };
}

/** A value by reference is checked too, so that a bundle refuses it at its start. Findings never quote it: a URL may hold a password. */
function checkUrl(registry: unknown, at: string, findings: FindingList): void {
  if (typeof registry !== 'string' || findings.isClaimed(at)) return;
  const url = URL.parse(registry);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === '')
    return;
  findings.add({
    code: 'WRONG_VALUE',
    at,
    expected: 'an http or https URL without user, ? and #',
    found: 'another text',
    write: 'registry: https://HOST:PORT, with username and password beside it',
  });
}
