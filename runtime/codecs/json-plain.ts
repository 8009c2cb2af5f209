// Most bodies have nothing odd in them. These looks show that of a body for some nanoseconds a member; what they do not
// know is left to the reader and the writer, which are slow and know everything.

/** Deeper than this nothing is looked at: these looks recurse. */
const DEEPEST = 500;
const ODD = -1;
const QUOTE = 34;
const SPACE = 32;
const COLON = ':';

let hasZero = false;

/**
 * Whether a text of JSON is for sure free of what the reader refuses, given what JSON.parse made of it: duplicate keys, keys
 * that change every object, numbers that a double does not hold. `limit`: from there on a double does not hold every integer; infinity
 * where that is no matter.
 */
export function isPlainText(text: string, value: unknown, limit: number): boolean {
  hasZero = false;
  const members = membersOf([value], limit, 0);
  if (members === ODD) return false;
  // Each member has a colon: more colons than members are a duplicate key.
  return hasColons(text, members) && (!hasZero || limit > Number.MAX_VALUE || !mayUnderflow(text));
}

/** How many members the objects in it have; ODD where something wants a second look. Spelled out twice: it is run for every message. */
function membersOf(holder: object, limit: number, depth: number): number {
  if (depth > DEEPEST) return ODD;
  let members = 0;
  if (Array.isArray(holder)) {
    for (let index = 0; index < holder.length; index += 1) {
      const value: unknown = holder[index];
      if (typeof value === 'number') {
        if (!(value < limit && value > -limit)) return ODD;
        if (value === 0) hasZero = true;
      } else if (typeof value === 'object' && value !== null) {
        const beneath = membersOf(value, limit, depth + 1);
        if (beneath === ODD) return ODD;
        members += beneath;
      }
    }
    return members;
  }
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- any object is one to be read from, and Reflect.get is slow
  const map = holder as Readonly<Record<string, unknown>>;
  // No Object.keys: it makes a list for each object, and costs three times as much. What it would leave out JSON.parse never makes.
  for (const name in map) {
    if (name === '__proto__' || name === 'constructor') return ODD;
    members += 1;
    const value = map[name];
    if (typeof value === 'number') {
      if (!(value < limit && value > -limit)) return ODD;
      if (value === 0) hasZero = true;
    } else if (typeof value === 'object' && value !== null) {
      const beneath = membersOf(value, limit, depth + 1);
      if (beneath === ODD) return ODD;
      members += beneath;
    }
  }
  return members;
}

/** Whether exactly so many colons stand behind a quote. A text within a string may have such too: then the reader looks. */
function hasColons(text: string, members: number): boolean {
  let found = 0;
  for (let at = text.indexOf(COLON); at !== -1; at = text.indexOf(COLON, at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) <= SPACE) before -= 1;
    if (text.charCodeAt(before) !== QUOTE) continue;
    found += 1;
    if (found > members) return false;
  }
  return found === members;
}

/** Shorter runs of zeros need an exponent of three digits to become nothing. */
const MANY_ZEROS = '0'.repeat(200);
const LARGE_EXPONENT = /^\d{3}/;

/** Whether a number in it may be so small that it was read as zero. */
function mayUnderflow(text: string): boolean {
  for (let at = text.indexOf('-'); at !== -1; at = text.indexOf('-', at + 1)) {
    const before = text[at - 1];
    if ((before === 'e' || before === 'E') && LARGE_EXPONENT.test(text.slice(at + 1, at + 4))) return true;
  }
  return text.length > MANY_ZEROS.length && text.includes(MANY_ZEROS);
}

/**
 * Whether JSON.stringify is for sure to write all of a body as it is: nothing that it would leave out or write as null, and nothing
 * that codes how it is written.
 */
export function isPlainBody(body: unknown): boolean {
  return typeof body === 'object' && body !== null ? isPlain(body, 0) : isPlainLeaf(body);
}

function isPlainLeaf(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value === null || isFiniteNumber(value);
}

function isFiniteNumber(value: unknown): boolean {
  return typeof value === 'number' && value - value === 0;
}

function isPlain(holder: object, depth: number): boolean {
  if (depth > DEEPEST) return false;
  if (Array.isArray(holder)) {
    for (let index = 0; index < holder.length; index += 1) {
      const value: unknown = holder[index];
      if (typeof value === 'object' && value !== null ? !isPlain(value, depth + 1) : !isPlainLeaf(value)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(holder);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- any object is one to be read from, and Reflect.get is slow
  const map = holder as Readonly<Record<string, unknown>>;
  for (const name in map) {
    if (name === '__proto__' || name === 'constructor') return false;
    const value = map[name];
    if (typeof value === 'object' && value !== null ? !isPlain(value, depth + 1) : !isPlainLeaf(value)) return false;
  }
  return true;
}
