interface Pair {
  readonly name: string;
  readonly value: string;
}

/** The client's own shape of user properties. The embedded broker of the demo shares the parser, and writes what it read. */
type UserProperties = Record<string, string | string[]>;

const repaired = new WeakSet();

/**
 * The client's parser takes an empty value for none: the next user property of its name overwrites it, so an empty label
 * before another one would not be seen (mqttjs/mqtt-packet#161, mended there after 9.0.2). The client makes its parser
 * itself and shows no bytes, so the parser's prototype is changed, once for the process. `makeParser` is `parser` of
 * mqtt-packet.
 */
export function keepEmptyValues(makeParser: () => object): void {
  const prototype: unknown = Object.getPrototypeOf(makeParser());
  if (typeof prototype !== 'object' || prototype === null || repaired.has(prototype)) return;
  const readPair: unknown = Reflect.get(prototype, '_parseStringPair');
  const readProperties: unknown = Reflect.get(prototype, '_parseProperties');
  if (typeof readPair !== 'function' || typeof readProperties !== 'function') return;
  repaired.add(prototype);
  // Of the properties that are being read: that is done in one go.
  let pairs: Pair[] = [];
  const notePair = function (this: unknown): unknown {
    const pair: unknown = Reflect.apply(readPair, this, []);
    if (isPair(pair)) pairs.push(pair);
    return pair;
  };
  const readAll = function (this: unknown): unknown {
    pairs = [];
    const properties: unknown = Reflect.apply(readProperties, this, []);
    if (typeof properties === 'object' && properties !== null && pairs.some(({ value }) => value === '')) {
      Reflect.set(properties, 'userProperties', gathered(pairs));
    }
    pairs = [];
    return properties;
  };
  Reflect.set(prototype, '_parseStringPair', notePair);
  Reflect.set(prototype, '_parseProperties', readAll);
}

function isPair(value: unknown): value is Pair {
  if (typeof value !== 'object' || value === null) return false;
  return typeof Reflect.get(value, 'name') === 'string' && typeof Reflect.get(value, 'value') === 'string';
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
