import { shortened } from './shortened.ts';

/** A JSON pointer (RFC 6901) into a pipeline file or a body: '' is the whole, '/routes/0/from' one source. */
export function pointerTo(parent: string, ...keys: readonly (string | number)[]): string {
  let pointer = parent;
  for (const key of keys) pointer += `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return pointer;
}

/** The keys from the whole down. */
export function pointerKeys(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of the parent; undefined for the whole. */
export function parentPointer(pointer: string): string | undefined {
  return pointer === '' ? undefined : pointer.slice(0, pointer.lastIndexOf('/'));
}

/** Whether `pointer` is `ancestor` or below it. */
export function isWithin(pointer: string, ancestor: string): boolean {
  return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}

/** Longest pointer. The publisher of a body chooses the names in it, so they need a bound. */
const LONGEST = 1000;
/** Most levels of a pointer. */
const DEEPEST = 100;
const SHOWN = 100;

/** The pointer of these steps; undefined beyond the bounds. */
export function pointerOf(steps: readonly (string | number)[]): string | undefined {
  return steps.length > DEEPEST ? undefined : bounded(pointerTo('', ...steps));
}

/** The pointer; undefined beyond the bound. */
export function bounded(pointer: string): string | undefined {
  return pointer.length > LONGEST ? undefined : pointer;
}

/** The pointer in the text of a message. */
export function shownPointer(pointer: string): string {
  return shortened(pointer, SHOWN) || '/';
}
