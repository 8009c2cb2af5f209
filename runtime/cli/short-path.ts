import { relative } from 'node:path';

/** The path as it is best shown and typed: from the current folder where it lies in it, else as it is given. */
export function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}
