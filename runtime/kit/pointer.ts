import { shortened } from './shortened.ts';

/** JSON pointers (RFC 6901) name the places of a pipeline file or a body: '' is the whole, '/routes/0/from' one source. */
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

/** What holds the place; undefined for the whole. */
export function parentPointer(pointer: string): string | undefined {
  return pointer === '' ? undefined : pointer.slice(0, pointer.lastIndexOf('/'));
}

/** Whether `pointer` is `ancestor` or lies beneath it. */
export function isWithin(pointer: string, ancestor: string): boolean {
  return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}

/** Longer ones are no place that anyone looks up: a body's publisher chose the names. */
const LONGEST = 1000;
/** Levels deeper than this are not spelled out. */
const DEEPEST = 100;
const SHOWN = 100;

/** The pointer that these steps make, where it is short enough to be one; undefined of the others. */
export function pointerOf(steps: readonly (string | number)[]): string | undefined {
  return steps.length > DEEPEST ? undefined : bounded(pointerTo('', ...steps));
}

/** Undefined where a publisher made it endless. */
export function bounded(pointer: string): string | undefined {
  return pointer.length > LONGEST ? undefined : pointer;
}

/** For a text that people read. */
export function shownPointer(pointer: string): string {
  return shortened(pointer, SHOWN) || '/';
}
