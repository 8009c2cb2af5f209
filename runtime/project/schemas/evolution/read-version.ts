import { messageOf } from '#contract/errors.ts';
import { isMap } from '#kit/json-value.ts';
import type { Finding } from '../../check/findings.ts';
import { schemaCompiler, UnsafePatterns } from '../compile-schemas.ts';
import { broken, flawFindings, placeIn } from '../load-schemas.ts';
import { BrokenSchema } from '../schema-flaws.ts';
import type { SchemaFile } from '../schema-names.ts';
import type { SchemaVersion } from './compare.ts';

/** The schema files of one folder at one time, as texts. */
export interface SchemaTexts {
  /** By name, without `.json`. */
  readonly texts: ReadonlyMap<string, string>;
  /** How the file is called in a finding. */
  pathOf(name: string): string;
}

/** The schema of that name with its neighbours, or what is wrong with it. A neighbour that is no schema is left out. */
export function readVersion(name: string, from: SchemaTexts): SchemaVersion | readonly Finding[] {
  const files: SchemaFile[] = [];
  for (const [one, text] of from.texts) {
    const read = readOne(one, text, from.pathOf(one));
    if ('schema' in read) files.push(read);
    else if (one === name) return [read];
  }
  try {
    schemaCompiler(files).compile(name);
    return { name, files };
  } catch (thrown) {
    return flaws(thrown, name, from);
  }
}

function readOne(name: string, text: string, path: string): SchemaFile | Finding {
  try {
    const schema: unknown = JSON.parse(text);
    if (isMap(schema) || typeof schema === 'boolean') return { name, schema };
    return broken(path, 'error', 'a JSON object, the schema', `a ${typeof schema}`);
  } catch (thrown) {
    return { ...broken(path, 'error', 'JSON', messageOf(thrown)), ...placeIn(messageOf(thrown)) };
  }
}

function flaws(thrown: unknown, name: string, from: SchemaTexts): readonly Finding[] {
  if (thrown instanceof BrokenSchema) {
    const file = thrown.file ?? name;
    return flawFindings(from.pathOf(file), 'error', thrown.flaws, from.texts.get(file) ?? '');
  }
  const finding = broken(from.pathOf(name), 'error', 'a schema that ajv can compile', messageOf(thrown));
  if (!(thrown instanceof UnsafePatterns)) return [finding];
  return [{ ...finding, code: 'PATTERN_UNSAFE', expected: 'patterns that take time in proportion to the text' }];
}
