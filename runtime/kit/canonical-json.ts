/**
 * JSON in the one form that RFC 8785 gives a value: no blanks, names sorted by UTF-16 code units, numbers and texts as ECMAScript
 * writes them. Equal values have equal texts, so a digest of the text is a digest of the value. By recursion: the caller bounds
 * the depth. Throws TypeError for what JSON cannot hold or what has no single form: NaN, infinities, bigints, undefined, functions,
 * and texts with half of a surrogate pair.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number that JSON cannot hold');
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value}, which JSON cannot hold`);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${quoted(name)}:${canonicalJson(member)}`).join()}}`;
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a text with half of a surrogate pair');
  return JSON.stringify(text);
}
