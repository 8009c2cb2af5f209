import { SluiceError } from '#contract/errors.ts';

/** One user property. */
interface Pair {
  readonly name: string;
  readonly value: string;
}

/** The client's representation of user properties. The embedded broker of the demo shares the parser, and writes them back. */
type UserProperties = Record<string, string | string[]>;

/** The client's buffer of received bytes. */
interface Pieces {
  readonly length: number;
  slice(): Buffer;
  consume(bytes: number): unknown;
  append(bytes: Buffer): unknown;
}

/** Identifier of a user property (2.2.2.2). */
const USER_PROPERTY = 0x26;
const NOTHING = Buffer.alloc(0);

const patched = new WeakSet();
const pairsRead = new WeakMap<object, readonly Pair[]>();
/** The client's parser gets this for each pair: an object with a property for each name would cost it much time. */
const PLACEHOLDER: Pair = { name: '', value: 'read elsewhere' };

/** The user properties of a packet that a patched parser has read, in their order. Throws when another copy of the parser has read them. */
export function pairsOf(properties: object): readonly Pair[] {
  const pairs = pairsRead.get(properties);
  if (pairs === undefined && 'userProperties' in properties) {
    throw new SluiceError('INTERNAL', 'the MQTT client has a parser of its own: install one version of mqtt-packet');
  }
  return pairs ?? [];
}

/**
 * Patches the client's parser. The parser treats an empty value as missing, so that the next user property of the same name
 * overwrites it: an empty label before another one would be lost (mqttjs/mqtt-packet#161, fixed there after 9.0.2). It also
 * searches each property among all chunks of a packet: a megabyte of them took a third of a second.
 *
 * The client makes its parser itself and does not expose the bytes, so the parser's prototype is changed, once per process.
 * `makeParser` is `parser` of mqtt-packet.
 */
export function patchUserProperties(makeParser: () => object): void {
  const prototype: unknown = Object.getPrototypeOf(makeParser());
  if (typeof prototype !== 'object' || prototype === null || patched.has(prototype)) return;
  const parsePair: unknown = Reflect.get(prototype, '_parseStringPair');
  const parseProperties: unknown = Reflect.get(prototype, '_parseProperties');
  if (typeof parsePair !== 'function' || typeof parseProperties !== 'function') {
    throw new SluiceError(
      'INTERNAL',
      'the MQTT client reads properties in another way than the version that this was written for',
    );
  }
  patched.add(prototype);
  // Of the properties that are being read: the parser reads them synchronously.
  let pairs: Pair[] = [];
  let bytes: Buffer = NOTHING;
  let propertiesEnd = 0;
  const readPair = function (this: object): unknown {
    let at = Number(Reflect.get(this, '_pos'));
    // The following pairs are read too: the client would make a view for each byte between them.
    for (;;) {
      const nameEnd = endOfText(bytes, at);
      const end = endOfText(bytes, nameEnd);
      if (end > bytes.length) {
        // A pair that exceeds the packet is left to the client, which reports the error.
        Reflect.set(this, '_pos', at);
        return Reflect.apply(parsePair, this, []);
      }
      pairs.push({ name: bytes.toString('utf8', at + 2, nameEnd), value: bytes.toString('utf8', nameEnd + 2, end) });
      Reflect.set(this, '_pos', end);
      if (end >= propertiesEnd || bytes[end] !== USER_PROPERTY) return PLACEHOLDER;
      at = end + 1;
    }
  };
  const readProperties = function (this: object): unknown {
    // The packet before may have thrown.
    pairs = [];
    bytes = joined(this);
    propertiesEnd = endOfProperties(bytes, Number(Reflect.get(this, '_pos')));
    const properties: unknown = Reflect.apply(parseProperties, this, []);
    if (typeof properties === 'object' && properties !== null && pairs.length > 0) expose(properties, pairs);
    bytes = NOTHING;
    return properties;
  };
  Reflect.set(prototype, '_parseStringPair', readPair);
  Reflect.set(prototype, '_parseProperties', readProperties);
}

function expose(properties: object, pairs: readonly Pair[]): void {
  pairsRead.set(properties, pairs);
  const get = (): UserProperties => gathered(pairs);
  Object.defineProperty(properties, 'userProperties', { configurable: true, enumerable: true, get });
}

/** The packet that a parser reads, joined into one chunk. */
function joined(parser: object): Buffer {
  const list: unknown = Reflect.get(parser, '_list');
  const packet: unknown = Reflect.get(parser, 'packet');
  if (!isPieces(list) || typeof packet !== 'object' || packet === null) return NOTHING;
  const whole = list.slice();
  list.consume(list.length);
  list.append(whole);
  return whole.subarray(0, Number(Reflect.get(packet, 'length')));
}

function isPieces(value: unknown): value is Pieces {
  if (typeof value !== 'object' || value === null) return false;
  return ['slice', 'consume', 'append'].every((name) => typeof Reflect.get(value, name) === 'function');
}

/** Properties begin with their length, seven bits in a byte (1.5.5). */
function endOfProperties(bytes: Buffer, start: number): number {
  let length = 0;
  for (let at = start, shift = 0; shift < 28; at += 1, shift += 7) {
    const byte = bytes[at] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return at + 1 + length;
  }
  return 0;
}

/** The end of a text (1.5.4), which may lie behind the last byte. */
function endOfText(bytes: Buffer, at: number): number {
  return at + 2 > bytes.length ? Number.POSITIVE_INFINITY : at + 2 + bytes.readUInt16BE(at);
}

function gathered(pairs: readonly Pair[]): UserProperties {
  const all: UserProperties = Object.create(null);
  for (const { name, value } of pairs) {
    const before = all[name];
    if (Array.isArray(before)) before.push(value);
    else all[name] = before === undefined ? value : [before, value];
  }
  return all;
}
