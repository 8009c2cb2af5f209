import type { Section } from './sections.ts';
import type { Reread } from '../fields/file-fields.ts';
import { asMap, put } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { isWithin, pointerKeys } from '#kit/pointer.ts';
import { fits, typedValue } from './reference-value.ts';
import { type ReadFile, readSecret, type Resolved } from './references.ts';
import { judges } from './resolved-document.ts';

/** The resolved references of a checked file, and the reader of their files. */
export interface References {
  readonly sections: readonly Section[];
  readonly resolved: ReadonlyMap<string, Resolved>;
  readonly readFile: ReadFile;
}

/**
 * Reads the options at `at` again; undefined where none of them comes from a file. The environment is not read again: that
 * of a running process does not change from outside.
 */
export function rereader(at: string, options: PlainMap, references: References): (() => Reread) | undefined {
  const { sections, resolved, readFile } = references;
  const files = [...resolved].flatMap(([pointer, { file, written, text }]) =>
    file !== undefined && text !== undefined && isWithin(pointer, at)
      ? [{ file, written, text, keys: pointerKeys(pointer.slice(at.length)), schemas: judges(pointer, sections) }]
      : [],
  );
  if (files.length === 0) return undefined;
  const known = new Map(files.map(({ text }, index) => [index, text]));
  let last = options;
  return () => {
    const troubles: string[] = [];
    for (const [index, { file, written, keys, schemas }] of files.entries()) {
      const { text, flaw } = readSecret(file, readFile);
      if (text === known.get(index)) continue;
      const value = text === undefined ? undefined : typedValue(text, schemas);
      if (text !== undefined && value !== undefined && fits(value, schemas)) {
        known.set(index, text);
        last = asMap(put(last, keys, value));
      } else troubles.push(`${keys.join('.')}: what ${written} names ${flaw ?? 'does not fit there'}`);
    }
    return { options: last, troubles };
  };
}
