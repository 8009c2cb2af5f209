import type { Catalog } from '#contract/catalog.ts';
import { asMap, own, type PlainMap, under } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { busBehind } from '../read/sections.ts';
import { defaultSubject } from '../fields/default-subject.ts';
import type { FindingList } from './finding-list.ts';

const SECRETS = ['password', 'token'];
const BESIDE_REGISTRY = ['subject', 'username', ...SECRETS];
const REFERENCE = /^(env|file):/;

/** A codec in Confluent's wire format, as an end of the file names it. References are not resolved. */
export interface ConfluentUse {
  readonly kind: string;
  /** The map `confluent`, and its place. */
  readonly words: PlainMap;
  readonly at: string;
  /** The codec's own schema. */
  readonly schema: unknown;
  readonly isSink: boolean;
  readonly end: PlainMap;
  readonly file: { readonly value: unknown; readonly catalog: Catalog };
}

/** Refuses words of a schema registry that do not go together. What the registry has, only a run can know. */
export function checkRegistry(use: ConfluentUse, findings: FindingList): void {
  const { words, at } = use;
  if (own(words, 'registry') !== undefined) {
    checkCredentials(use, findings);
    checkOwnId(use, findings);
    return;
  }
  const missing = (word: string, expected: string, write: string): void =>
    findings.add({ code: 'MISSING_FIELD', at: pointerTo(at, word), expected, found: 'no such key', write });
  const beside = BESIDE_REGISTRY.find((word) => Object.hasOwn(words, word));
  if (beside !== undefined) missing('registry', `registry beside ${beside}`, 'registry: env:REGISTRY_URL');
  else if (!Object.hasOwn(words, 'ids')) missing('ids', 'ids, or registry', 'ids: { ... }');
}

function checkCredentials({ words, at }: ConfluentUse, findings: FindingList): void {
  for (const word of SECRETS) {
    const text = own(words, word);
    if (typeof text !== 'string' || REFERENCE.test(text)) continue;
    findings.add({
      code: 'WRONG_VALUE',
      at: pointerTo(at, word),
      expected: `${word} by reference: a pipeline file is no place for it`,
      found: 'its text',
      write: `${word}: env:NAME, or file:PATH`,
    });
  }
  const has = (word: string): boolean => Object.hasOwn(words, word);
  if (has('username') !== has('password')) {
    const lacking = has('username') ? 'password' : 'username';
    findings.add({
      code: 'MISSING_FIELD',
      at: pointerTo(at, lacking),
      expected: 'username and password together',
      found: 'no such key',
      write: `${lacking}: env:NAME`,
    });
  } else if (has('token') && has('username')) {
    findings.add({
      code: 'OPTIONS_CONFLICT',
      at: pointerTo(at, 'token'),
      side: 'key',
      expected: 'a token, or username and password',
      found: 'both',
      write: 'nothing: remove token',
    });
  }
}

/** What a sink writes needs an id: from the file, or by a subject of the registry. */
function checkOwnId(use: ConfluentUse, findings: FindingList): void {
  const { kind, schema, words, at, isSink } = use;
  if (!isSink || typeof schema !== 'string' || Object.hasOwn(asMap(own(words, 'ids')), schema)) return;
  if (kind === 'protobuf')
    findings.add({
      code: 'MISSING_FIELD',
      at: pointerTo(at, 'ids'),
      expected: `the id of ${schema}: a registry is not asked for that of a descriptor set`,
      found: 'no such key',
      write: `ids: { ${schema}: 1 }, with its id`,
    });
  else if (!Object.hasOwn(words, 'subject') && !hasSubject(use))
    findings.add({
      code: 'MISSING_FIELD',
      at: pointerTo(at, 'subject'),
      expected: `the subject of ${schema} in the registry, where the address of the sink depends on the message`,
      found: 'no such key',
      write: 'subject: SUBJECT',
    });
}

/** Whether the address says it. An address by reference is known to a run alone. */
function hasSubject({ end, file: { value, catalog } }: ConfluentUse): boolean {
  const options = busBehind(value, own(end, 'bus'), catalog)?.addressOptions ?? [];
  const address = options.map((option) => under(end, [option])).find((text) => text !== undefined);
  return typeof address !== 'string' || REFERENCE.test(address) || defaultSubject(address) !== undefined;
}
