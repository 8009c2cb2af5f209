const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const ATOM = /[^,\]}\s]+/y;

/** A match of a sticky pattern at a place, and the place behind it. */
function take(pattern: RegExp, text: string, at: number): { readonly found: string; readonly end: number } | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(text)?.[0];
  return found === undefined ? undefined : { found, end: at + found.length };
}

const behindSpace = (text: string, at: number): number => take(SPACE, text, at)?.end ?? at;

/**
 * The text of a member's value as an object of JSON has it, so that numbers keep their digits. Of repeated names the last one counts, as
 * for JSON.parse. `text` is an object that JSON.parse has read. Undefined where it has no such member.
 */
export function memberText(text: string, name: string): string | undefined {
  let value: string | undefined;
  let at = behindSpace(text, 0) + 1;
  for (;;) {
    const key = take(STRING, text, behindSpace(text, at));
    if (key === undefined) return value;
    const start = behindSpace(text, behindSpace(text, key.end) + 1);
    const end = endOfValue(text, start);
    if (JSON.parse(key.found) === name) value = text.slice(start, end);
    // Behind the comma, or the bracket at the end.
    at = behindSpace(text, end) + 1;
  }
}

/** Without recursion: a body may be nested a million deep. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    at = behindSpace(text, at);
    const character = text[at];
    if (character === '{' || character === '[') {
      depth += 1;
      at += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      at += 1;
    } else if (character === ',' || character === ':') at += 1;
    else at = take(character === '"' ? STRING : ATOM, text, at)?.end ?? text.length;
  } while (depth > 0 && at < text.length);
  return at;
}
