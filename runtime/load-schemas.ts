import { readFileSync } from 'node:fs';
import type { Finding } from './config/findings.ts';
import { isMap } from './config/plain.ts';
import { type ProjectFolders, projectFile } from './project-files.ts';
import { type SchemaFile, schemaCompiler } from './stages/compile-schemas.ts';
import type { Validator } from './stages/validate.ts';

export interface SchemasLoaded {
  readonly validators: ReadonlyMap<string, Validator>;
  readonly findings: readonly Finding[];
}

/** Compiles the schemas of these names. What is wrong with a file comes as findings. */
export function loadSchemas(names: Iterable<string>, project: ProjectFolders): SchemasLoaded {
  const { files, findings } = readSchemas(project);
  const compile = schemaCompiler([...files.values()]);
  const validators = new Map<string, Validator>();
  for (const name of new Set(names)) {
    if (!files.has(name)) continue;
    try {
      validators.set(name, compile(name));
    } catch (thrown) {
      findings.push(broken(projectFile(project, 'schemas', name), 'a schema that ajv can compile', text(thrown)));
    }
  }
  return { validators, findings };
}

/** Every schema file of the project, so that one may refer to another by its `$id`. */
export function readSchemas(project: ProjectFolders): { files: Map<string, SchemaFile>; findings: Finding[] } {
  const files = new Map<string, SchemaFile>();
  const findings: Finding[] = [];
  for (const file of project.schemas) {
    if (!file.endsWith('.json')) continue;
    const name = file.slice(0, -'.json'.length);
    const path = projectFile(project, 'schemas', name);
    try {
      const schema: unknown = JSON.parse(readFileSync(path, 'utf8'));
      if (isMap(schema) || typeof schema === 'boolean') files.set(name, { name, schema });
      else findings.push(broken(path, 'a JSON object, the schema', `a ${typeof schema}`));
    } catch (thrown) {
      findings.push(broken(path, 'JSON', text(thrown)));
    }
  }
  return { files, findings };
}

function broken(file: string, expected: string, found: string): Finding {
  return { severity: 'error', code: 'SCHEMA_BROKEN', file, line: 1, column: 1, path: '', expected, found, write: '' };
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
