import type { Guarantees } from '#contract/bus.ts';
import { CARRIED_HEADERS, isContentType, type Unspellable } from '#contract/carried-headers.ts';
import { EVENT_PREFIX } from '#contract/event-attributes.ts';
import { isReserved } from '#contract/frame.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { JudgedEnd, RouteSite } from '../fields/field.ts';
import type { FindingList } from './finding-list.ts';
import { parseTemplate } from '../../template/template.ts';
import { DEFAULTS } from '../fields/field-defaults.ts';

/** Placeholder for a value of a message: every bus can spell it. */
const HARMLESS = 'x';

/** The effect of each `unspellable` on a header that the bus of the sink cannot spell, for the text of a finding. */
const FATES: Readonly<Record<Unspellable, string>> = {
  encode: `it would travel in the header ${CARRIED_HEADERS}, where only a bridge looks`,
  drop: 'it would be left out',
  reject: 'each message would be a dead letter',
};

/** Checks the names under `headers` of a sink. */
export function checkHeaders({ route, sinkAt, sinkEnd: sink, sink: gives, findings }: RouteSite): void {
  const at = pointerTo(sinkAt, 'headers');
  const words = asMap(own(asMap(own(route, 'to')), 'headers'));
  const set = asMap(own(words, 'set'));
  const isEvent = own(asMap(own(route, 'to')), 'cloudevents') !== undefined;
  const setAt = pointerTo(at, 'set');
  let typeName: string | undefined;
  for (const [name, text] of Object.entries(set)) {
    const place = pointerTo(setAt, name);
    if (findReserved(place, name, 'key', findings)) continue;
    if (isContentType(name) && typeName !== undefined) {
      findings.add({
        code: 'OPTIONS_CONFLICT',
        at: place,
        side: 'key',
        expected: 'one content type',
        found: `${name} beside ${typeName}, which is the same in another spelling`,
        write: `nothing: remove ${name}`,
      });
      continue;
    }
    if (isContentType(name)) typeName = name;
    // The sink writes the attributes of an event in its own way.
    if (isEvent && name.startsWith(EVENT_PREFIX)) continue;
    if (sink === undefined || gives === undefined || typeof text !== 'string') continue;
    if (gives.carriesHeaders) checkSpelling(place, name, text, { words, sink, findings });
    else findings.add(uncarried(place, name, sink, gives));
  }
  for (const [index, name] of asList(own(words, 'drop')).entries()) {
    findReserved(pointerTo(at, 'drop', index), String(name), 'value', findings);
  }
}

function findReserved(at: string, name: string, side: 'key' | 'value', findings: FindingList): boolean {
  if (!isReserved(name) && name.toLowerCase() !== CARRIED_HEADERS) return false;
  findings.add({
    code: 'RESERVED_HEADER',
    at,
    side,
    expected: 'a header of your own',
    found: `${name}, which only the runtime writes`,
    write: `nothing: remove ${name}`,
  });
  return true;
}

function uncarried(
  at: string,
  name: string,
  { bus }: JudgedEnd,
  { headersNeed }: Guarantees,
): Parameters<FindingList['add']>[0] {
  return {
    code: 'HEADER_UNWRITABLE',
    at,
    side: 'key',
    expected: 'a sink that carries headers',
    found: `${name} to a ${bus.name} connection that carries none under these options`,
    write: `${headersNeed === undefined ? '' : `${headersNeed}, or `}nothing: remove ${name}`,
  };
}

function checkSpelling(
  at: string,
  name: string,
  text: string,
  { words, sink, findings }: { readonly words: PlainMap; readonly sink: JudgedEnd; readonly findings: FindingList },
): void {
  const spelling = sink.bus.spelling?.(sink);
  if (spelling === undefined) return;
  const isNameOdd = !spelling.canSpell(name, [HARMLESS], undefined);
  const fixed = fixedText(text);
  if (!isNameOdd && (fixed === undefined || spelling.canSpell(name, [fixed], undefined))) return;
  const unspellable = own(words, 'unspellable') ?? DEFAULTS.unspellable;
  const fate = unspellable === 'drop' || unspellable === 'reject' ? unspellable : 'encode';
  findings.add({
    code: 'HEADER_UNWRITABLE',
    at,
    side: isNameOdd ? 'key' : 'value',
    ...(fate === 'encode' && { severity: 'warning' }),
    expected: `a header that ${spelling.bus} can write`,
    found: isNameOdd
      ? `${name}, which it does not take from a bridge: ${FATES[fate]}`
      : `${name} with a value that it cannot hold: ${FATES[fate]}`,
    write: isNameOdd
      ? `another name, or nothing: remove ${name}`
      : 'a value of one line, without blanks around it or control characters',
  });
}

/** The text of a template that is the same for every message; undefined where it has a field of the message. */
function fixedText(text: string): string | undefined {
  const parsed = parseTemplate(text);
  if ('flaw' in parsed || !parsed.parts.every((part) => typeof part === 'string')) return undefined;
  return parsed.parts.join('');
}
