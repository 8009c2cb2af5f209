import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../check/findings.ts';
import type { ProjectFolders } from '../project-files.ts';
import { readSchemas } from '../schemas/load-schemas.ts';
import { type SchemaTypes, schemaTypes } from './schema-types.ts';

/** `../schemas/types.d.ts`, with any of the endings that a project may write. */
const IMPORT = /['"][^'"\n]*\bschemas\/types(?:\.d)?(?:\.[mc]?[tj]s)?['"]/;

/** Where the types of a project's schemas lie. */
export function typesFile(folder: string): string {
  return join(folder, 'schemas', 'types.d.ts');
}

/** The types of a project's schemas; the findings instead where a file is no JSON. */
export function projectTypes(
  project: ProjectFolders,
): { readonly made: SchemaTypes } | { readonly findings: readonly Finding[] } {
  const { files, findings } = readSchemas(project, new Set(project.schemas.map((file) => file.replace(/\.json$/, ''))));
  return findings.length > 0 ? { findings } : { made: schemaTypes([...files.values()]) };
}

/** Whether the project uses types of its schemas: it has the file, or one of these function files imports it. */
export function usesTypes(folder: string, functions: Iterable<string>): boolean {
  return existsSync(typesFile(folder)) || importerOf(functions) !== undefined;
}

function importerOf(functions: Iterable<string>): string | undefined {
  return [...functions].find((file) => IMPORT.test(readFileSync(file, 'utf8')));
}

/** The finding where `schemas/types.d.ts` is not the text that the schemas give. Line ends do not count. */
export function typesDrift({ text }: SchemaTypes, folder: string, functions: Iterable<string>): readonly Finding[] {
  const file = typesFile(folder);
  const drift = {
    severity: 'error',
    code: 'SCHEMA_TYPES_DRIFT',
    file,
    column: 1,
    path: '',
    expected: 'the types that the schemas give',
    write: 'sluice types',
  } as const;
  if (!existsSync(file)) {
    const found = `no file, which ${importerOf(functions) ?? 'a function'} imports`;
    return [{ ...drift, line: 1, found }];
  }
  const written = readFileSync(file, 'utf8').replaceAll('\r\n', '\n').split('\n');
  const wanted = text.split('\n');
  const at = wanted.findIndex((line, index) => line !== written[index]);
  if (at === -1 && written.length === wanted.length) return [];
  return [{ ...drift, line: at === -1 ? wanted.length : at + 1, found: 'others from this line on' }];
}
