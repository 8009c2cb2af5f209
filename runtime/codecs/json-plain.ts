// Most bodies hold only plain values. These checks prove it for some nanoseconds a member. A body that they cannot prove
// plain goes to the slow reader and writer, which handle every case.

/** Depth limit of these checks: they recurse. */
const DEEPEST = 500;
/** Depth limit of the check that runs: that of the route where it is lower. */
let deepest = DEEPEST;
const ODD = -1;
const QUOTE = 34;
const SPACE = 32;
const LARGE_E = 69;
const SMALL_E = 101;
const COLON = ':';
const BACKSLASH = '\\';

let hasZero = false;
let hasEscape = false;

/**
 * Whether a text of JSON is for sure free of what the reader refuses or JSON.parse misreads, given its result: duplicate keys,
 * keys that change every object, keys with escapes, numbers that a double does not hold. `limit`: from there on a double does not hold every integer; infinity
 * where that is no matter. `levels`: the most of objects and lists within one another.
 */
export function isPlainText(text: string, value: unknown, limit: number, levels = Number.POSITIVE_INFINITY): boolean {
  deepest = Math.min(DEEPEST, levels - 1);
  hasZero = false;
  hasEscape = text.includes(BACKSLASH);
  const members =
    typeof value === 'object' && value !== null ? membersOf(value, limit, 0) : membersOf([value], limit, deepest);
  if (members === ODD) return false;
  // Each member has a colon: more colons than members are a duplicate key.
  return hasColons(text, members) && (!hasZero || limit > Number.MAX_VALUE || !mayUnderflow(text));
}

/** The number of members of the objects in it; ODD if the reader must look. Written out twice: it runs for every message. */
function membersOf(holder: object, limit: number, depth: number): number {
  if (depth > deepest) return ODD;
  let members = 0;
  if (Array.isArray(holder)) {
    for (let index = 0; index < holder.length; index += 1) {
      const value: unknown = holder[index];
      if (typeof value === 'number') {
        if (!(value > 0 && value < limit) && isOdd(value, limit)) return ODD;
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
  // No Object.keys: it makes a list for each object, and costs three times as much. JSON.parse never makes a member that it would omit.
  for (const name in map) {
    if (name === '__proto__' || name === 'constructor') return ODD;
    // V8 may misread a key with an escape as a key of an earlier text. Both begin alike as they are written, and the earlier key
    // holds a backslash: after {"\\":1} the text {"\n":1} has the key of the first one (seen in Node 24.21). The key in the
    // result then holds a backslash; the reader decodes such keys by itself.
    if (hasEscape && name.includes(BACKSLASH)) return ODD;
    members += 1;
    const value = map[name];
    if (typeof value === 'number') {
      if (!(value > 0 && value < limit) && isOdd(value, limit)) return ODD;
    } else if (typeof value === 'object' && value !== null) {
      const beneath = membersOf(value, limit, depth + 1);
      if (beneath === ODD) return ODD;
      members += beneath;
    }
  }
  return members;
}

function isOdd(value: number, limit: number): boolean {
  if (value === 0) hasZero = true;
  return value >= limit || value <= -limit;
}

/** Whether exactly so many colons stand behind a quote. A string may hold such a colon too: then the reader looks. */
function hasColons(text: string, members: number): boolean {
  let found = 0;
  for (let at = text.indexOf(COLON); at !== -1; at = text.indexOf(COLON, at + 1)) {
    let before = at - 1;
    let code = text.charCodeAt(before);
    while (code <= SPACE) {
      before -= 1;
      code = text.charCodeAt(before);
    }
    if (code === QUOTE) found += 1;
  }
  return found === members;
}

/** Shorter runs of zeros need an exponent of three digits to become nothing. */
const MANY_ZEROS = '0'.repeat(200);
const LARGE_EXPONENT = /^\d{3}/;

/** Whether a number in it may be so small that it was read as zero. */
function mayUnderflow(text: string): boolean {
  for (let at = text.indexOf('-'); at !== -1; at = text.indexOf('-', at + 1)) {
    const before = text.charCodeAt(at - 1);
    if ((before === SMALL_E || before === LARGE_E) && LARGE_EXPONENT.test(text.slice(at + 1, at + 4))) return true;
  }
  return text.length > MANY_ZEROS.length && text.includes(MANY_ZEROS);
}

/**
 * Whether JSON.stringify is for sure to write all of a body as it is: no value that it would leave out or write as null, and
 * no value with code of its own (`toJSON`).
 */
export function isPlainBody(body: unknown): boolean {
  return isPlainValue(body, 0);
}

function isPlain(holder: object, depth: number): boolean {
  if (depth > DEEPEST) return false;
  if (Array.isArray(holder)) {
    for (let index = 0; index < holder.length; index += 1) {
      if (!isPlainValue(holder[index], depth)) return false;
    }
    return true;
  }
  // Another class, or a member of that name. An object made of a plain one has its class, and `in` below sees what it inherits.
  if (holder.constructor !== Object) return false;
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- any object is one to be read from, and Reflect.get is slow
  const map = holder as Readonly<Record<string, unknown>>;
  for (const name in map) {
    if (name === '__proto__' || !isPlainValue(map[name], depth)) return false;
  }
  return true;
}

function isPlainValue(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return true;
  // NaN and the infinities: minus themselves they are NaN.
  if (typeof value === 'number') return value - value === 0;
  if (typeof value === 'object') return value === null || isPlain(value, depth + 1);
  return typeof value === 'boolean';
}
