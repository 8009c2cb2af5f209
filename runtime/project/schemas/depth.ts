/** Schemas are compiled, and bodies judged, by functions that call one another. */
export const DEEPEST_SCHEMA = 250;

/** Where a JSON text opens a map or list that is nested deeper than schemas may be; undefined where none does. */
export function tooDeepAt(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > DEEPEST_SCHEMA) return index;
  }
  return undefined;
}
