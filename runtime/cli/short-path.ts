import { relative } from 'node:path';

/** The path for display and typing: relative to the current folder if it is inside, else unchanged. */
export function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}
