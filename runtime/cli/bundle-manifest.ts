import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { CodecUse } from '../project/check/check-codec-files.ts';
import type { NamedFiles } from '../project/check/check-names.ts';
import type { ExpressionSite } from '../project/check/expression-sites.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { type ProjectFolders, projectFile } from '../project/project-files.ts';
import { surroundingsOf } from '../project/read/references.ts';
import type { PipelineDocument } from '../project/read/resolve-pipeline.ts';
import { readSchemas } from '../project/schemas/load-schemas.ts';
import { SchemaNames } from '../project/schemas/schema-names.ts';

/** A pipeline in which nothing is wrong. */
export interface Sound {
  readonly spec: PipelineSpec;
  readonly document: PipelineDocument;
  readonly named: NamedFiles;
  readonly project: ProjectFolders;
  readonly expressions: readonly ExpressionSite[];
}

/** The facts about a bundle that an operator needs without opening it: its buses, its requirements, its sources. */
export function describe(
  { spec, document, named: { functions, schemas, codecs }, project }: Sound,
  { code, map }: { code: Uint8Array; map: string },
): object {
  const { environment, files } = surroundingsOf(document.value);
  const part = (kind: 'functions' | 'schemas') => (name: string) => ({
    name,
    sha256: sha256(readFileSync(projectFile(project, kind, name))),
  });
  return {
    name: spec.name,
    pipeline: relative(project.folder, resolve(document.file)),
    node: '>=22.18',
    buses: busesOf(spec),
    routes: spec.routes.map(({ name, from, sinks }) => ({
      name,
      from: from.bus,
      to: sinks.map(({ bus }) => bus).join(', '),
    })),
    environment,
    files,
    functions: functions.map(part('functions')),
    schemas: referredSchemas(schemas, project).map(part('schemas')),
    codecSchemas: codecFiles(codecs).map((name) => ({
      name,
      sha256: sha256(readFileSync(join(project.folder, 'schemas', name))),
    })),
    bundle: { file: `${spec.name}.mjs`, bytes: code.length, sha256: sha256(code) },
    sourceMap: { file: `${spec.name}.mjs.map`, bytes: Buffer.byteLength(map), sha256: sha256(map) },
  };
}

/** The names of these schemas and of all that they refer to: the sources of their validators. */
function referredSchemas(names: readonly string[], project: ProjectFolders): readonly string[] {
  const { files } = readSchemas(project, new Set(names));
  return new SchemaNames([...files.values()]).withReferred(names).map(({ name }) => name);
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

export function codecFiles(uses: readonly CodecUse[]): readonly string[] {
  return [...new Set(uses.flatMap(({ files }) => files))];
}

export function busesOf(spec: PipelineSpec): readonly string[] {
  return [
    ...new Set(
      spec.routes.flatMap(({ from, sinks, deadLetter }) =>
        [from, ...sinks, deadLetter.to].flatMap((end) => (end === undefined ? [] : [end.bus])),
      ),
    ),
  ].toSorted();
}
