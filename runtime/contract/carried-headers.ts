import { SluiceError } from './errors.ts';
import { lowerOwnNames } from './own-headers.ts';
import { type Frame, type HeaderType, type HeaderTypes, HOPS } from './frame.ts';
import { addValues, type TypeLists } from './typed-headers.ts';

/**
 * The header in which a bridge carries the headers that the bus cannot spell: JSON in visible ASCII, a list of
 * `[name, [values], [types]]`, each as in Frame.headers and headerTypes. Bytes that are no text are base64, or lone
 * surrogates as kit/raw-text.ts writes them. A text longer than the bus's values may be is cut into several values.
 * Every source restores them, so a header survives any path over any buses.
 */
export const CARRIED_HEADERS = 'carried-headers';

/** Names with a field of their own in a frame. */
const ID = 'msgid';
export const CONTENT_TYPE = 'content-type';

/** Whether a header of this name is the content type. Case is ignored, as on most buses. */
export function isContentType(name: string): boolean {
  return name.length === CONTENT_TYPE.length && name.toLowerCase() === CONTENT_TYPE;
}

/** The treatment of a header that the bus cannot spell. */
export const UNSPELLABLE = ['encode', 'drop', 'reject'] as const;
export type Unspellable = (typeof UNSPELLABLE)[number];

/** Whether a bus can spell this header, so that the next reader gets the same name, values and bytes. */
export type CanSpell = (name: string, values: readonly string[], types: readonly HeaderType[] | undefined) => boolean;

/** How a sink's bus spells headers. */
export interface Spelling {
  readonly bus: string;
  readonly canSpell: CanSpell;
  /** The longest value, in characters of ASCII; undefined where there is no such bound. */
  readonly maxValue?: number;
}

type Entry = readonly [name: string, values: readonly string[], types: readonly HeaderType[]];

const FIELDS = 2;
/** Headers that decide about the message must be readable by every consumer, so they are never carried encoded. */
const NEVER_CARRIED: ReadonlySet<string> = new Set([
  'seclabel',
  'seclabelsig',
  'seclabelalt',
  'traceparent',
  'tracestate',
  'replayed',
  'stale',
  HOPS,
]);
/** Most carried headers of one message. No publisher writes more, and they take long to read. */
const MOST_CARRIED = 1000;
const BEYOND_ASCII = /[^\x20-\x7e]+/g;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const TYPES: ReadonlySet<unknown> = new Set<HeaderType>([
  'text',
  'bytes',
  'integer',
  'number',
  'boolean',
  'timestamp',
  'null',
  'json',
]);

/**
 * The frame as a bus can spell it; the same object where nothing must change. Id and content type are treated as headers
 * of those names; an id is carried even where other headers are dropped. Throws HEADER_UNSPELLABLE where `unspellable` is
 * `reject`, and for a label, which is never carried encoded.
 */
export function spelled(frame: Frame, spelling: Spelling, unspellable: Unspellable): Frame {
  const { headers, headerTypes, id, contentType } = frame;
  const { canSpell } = spelling;
  let odd: Entry[] | undefined;
  const isOdd = (name: string, values: readonly string[], types: readonly HeaderType[] | undefined): boolean =>
    name === CARRIED_HEADERS || !canSpell(name, values, types);
  // Most buses have no place for a header beside the field of the same name.
  const isBesideField = (name: string): boolean =>
    (name === ID && id !== undefined) || (name === CONTENT_TYPE && contentType !== undefined);
  for (const [name, values] of headers) {
    const types = headerTypes?.get(name);
    if (isOdd(name, values, types) || isBesideField(name))
      (odd ??= []).push([name, values, types ?? values.map(() => 'text')]);
  }
  const isIdOdd = id !== undefined && isOdd(ID, [id], undefined);
  const isTypeOdd = contentType !== undefined && isOdd(CONTENT_TYPE, [contentType], undefined);
  if (odd === undefined && !isIdOdd && !isTypeOdd) return frame;
  const left = new Map(headers);
  const leftTypes = new Map(headerTypes);
  for (const [name] of odd ?? []) {
    left.delete(name);
    leftTypes.delete(name);
  }
  const entries = kept(odd ?? [], spelling, unspellable);
  // The field comes before a header of its name: the reader takes the first.
  if (isTypeOdd) entries.unshift(...kept([[CONTENT_TYPE, [contentType], ['text']]], spelling, unspellable));
  if (isIdOdd) entries.unshift([ID, [id], ['text']]);
  if (entries.length > 0) left.set(CARRIED_HEADERS, inPieces(asciiJson(entries), spelling.maxValue));
  return {
    ...frame,
    headers: left,
    headerTypes: leftTypes,
    id: isIdOdd ? undefined : id,
    contentType: isTypeOdd ? undefined : contentType,
  };
}

/** `spelled` with the setting of a sink's context. */
export function speller(
  { unspellable = 'encode' }: { readonly unspellable?: Unspellable },
  spelling: Spelling,
): (frame: Frame) => Frame {
  // The headers of the last frame that needed no change. Frames without headers of their own share one object.
  let fine: Pick<Frame, 'headers' | 'headerTypes' | 'contentType' | 'id'> | undefined;
  return (frame) => {
    const { headers, headerTypes, contentType, id } = frame;
    const isKnown =
      fine !== undefined &&
      fine.headers === headers &&
      fine.headerTypes === headerTypes &&
      fine.contentType === contentType &&
      (fine.id === undefined) === (id === undefined);
    if (isKnown && (id === undefined || spelling.canSpell(ID, [id], undefined))) return frame;
    const made = spelled(frame, spelling, unspellable);
    fine = made === frame ? { headers, headerTypes, contentType, id } : undefined;
    return made;
  };
}

function kept(odd: readonly Entry[], { bus, canSpell }: Spelling, unspellable: Unspellable): Entry[] {
  const label = odd.find(([name]) => name.toLowerCase() === 'seclabel');
  const [first] = label === undefined && unspellable === 'reject' ? odd : [label];
  if (first !== undefined) {
    const name = nameInText(first[0]);
    // A header that can be spelled is refused because the frame has a field of its name.
    const isBeside = first[0] !== CARRIED_HEADERS && canSpell(...first);
    const why = isBeside
      ? `has no place for header ${name} beside the field of that name`
      : `cannot spell header ${name}`;
    throw new SluiceError('HEADER_UNSPELLABLE', `${bus} ${why}`);
  }
  if (odd.length > MOST_CARRIED && unspellable === 'encode') {
    throw new SluiceError(
      'HEADER_UNSPELLABLE',
      `${bus} cannot spell ${odd.length} headers, and ${MOST_CARRIED} may be carried`,
    );
  }
  return unspellable === 'drop' ? [] : odd.filter(([name]) => !NEVER_CARRIED.has(name.toLowerCase()));
}

const LONGEST_NAME = 100;

/** A header's name for the text of an error: quoted, bounded, in ASCII. */
export function nameInText(name: string): string {
  return JSON.stringify(name.slice(0, LONGEST_NAME)).replaceAll(BEYOND_ASCII, escaped);
}

function asciiJson(entries: readonly Entry[]): string {
  return JSON.stringify(entries).replaceAll(BEYOND_ASCII, escaped);
}

function escaped(text: string): string {
  let all = '';
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    all += `\\u${HEX[unit >> 8]}${HEX[unit & 0xff]}`;
  }
  return all;
}

function inPieces(text: string, most: number | undefined): string[] {
  if (most === undefined || text.length <= most) return [text];
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += most) pieces.push(text.slice(from, from + most));
  return pieces;
}

/**
 * To be called by every source for the headers that it has read: restores carried headers into `headers` and their types
 * into `types`, and writes the runtime's own names in lower case. Returns the types.
 */
export function settleHeaders(headers: Map<string, string[]>, types: TypeLists | undefined): TypeLists | undefined {
  return lowerOwnNames(headers, unpack(headers, types));
}

/** A name that is there already keeps its values, and the carried ones follow. A text that no bridge wrote stays a header. */
function unpack(headers: Map<string, string[]>, types: TypeLists | undefined): TypeLists | undefined {
  const pieces = headers.get(CARRIED_HEADERS);
  if (pieces === undefined || types?.has(CARRIED_HEADERS) === true) return types;
  const entries = entriesIn(pieces.join(''));
  if (entries === undefined) return types;
  headers.delete(CARRIED_HEADERS);
  let all = types;
  for (const [name, values, itsTypes] of entries) {
    if (NEVER_CARRIED.has(name.toLowerCase())) continue;
    all = addValues(headers, all, name, values, itsTypes);
  }
  return all;
}

/** Removes and returns the first value of a header that is a field of the frame; other values stay. Undefined for an empty text. */
export function takeField(
  headers: Map<string, readonly string[]>,
  types: HeaderTypes | undefined,
  name: string,
): string | undefined {
  const [value, ...others] = headers.get(name) ?? [];
  if (value === undefined || types?.has(name) === true) return undefined;
  if (others.length === 0) headers.delete(name);
  else headers.set(name, others);
  return value === '' ? undefined : value;
}

function entriesIn(text: string): readonly Entry[] | undefined {
  try {
    const entries: unknown = JSON.parse(text);
    const isBounded = Array.isArray(entries) && entries.length <= MOST_CARRIED + FIELDS;
    return isBounded && entries.every(isEntry) ? entries : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [name, values, types]: unknown[] = value;
  if (typeof name !== 'string' || !Array.isArray(values) || !Array.isArray(types)) return false;
  if (values.length !== types.length) return false;
  return values.every((each) => typeof each === 'string') && types.every((type) => TYPES.has(type));
}

/** Whether no value is bytes or null: a bus without header types can carry no others. */
export function isTextAlone(types: readonly HeaderType[] | undefined): boolean {
  return types === undefined || !types.some((type) => type === 'bytes' || type === 'null');
}
