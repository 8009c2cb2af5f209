import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#contract/errors.ts';
import { type CodecFlaw, CodecFlaws, type CodecMaker, type CodecSchemaFile } from '#contract/schema-codec.ts';
import { type SchemaCodecs, schemaFile } from '../host/codec-makers.ts';
import type { CodecUse } from '../project/check/check-codec-files.ts';
import type { Finding } from '../project/check/findings.ts';
import { namesRegistry } from '../project/fields/codec-fields.ts';
import type { ProjectFolders } from '../project/project-files.ts';
import { parseYaml } from '../project/read/yaml-document.ts';

/** The code of each codec, loaded where a pipeline names it. */
const MAKERS: Readonly<Record<string, () => Promise<CodecMaker>>> = {
  avro: async () => (await import('../codecs/avro/avro.ts')).avro,
  json: async () => (await import('../codecs/confluent/json.ts')).json,
  protobuf: async () => (await import('../codecs/protobuf/protobuf.ts')).protobuf,
};

/** Loads the codecs and their files, and makes each once: what is wrong with a schema becomes a finding. `pipeline`: the file that names them. */
export async function loadCodecs(
  uses: readonly CodecUse[],
  project: ProjectFolders,
  pipeline: string,
): Promise<{ readonly codecs: SchemaCodecs; readonly findings: readonly Finding[] }> {
  const makers = new Map<string, CodecMaker>();
  const files = new Map<string, CodecSchemaFile>();
  const findings = new Map<string, Finding>();
  const add = (finding: Finding): void => {
    findings.set(`${finding.file}:${finding.line}:${finding.column} ${finding.found}`, finding);
  };
  for (const use of uses) {
    const maker = makers.get(use.name) ?? (await MAKERS[use.name]?.());
    if (maker === undefined) continue;
    makers.set(use.name, maker);
    try {
      for (const name of use.files)
        files.set(name, schemaFile(name, readFileSync(join(project.folder, 'schemas', name))));
      tryOut(maker, use, files);
    } catch (thrown) {
      const flaws = thrown instanceof CodecFlaws ? thrown.flaws : [unreadable(use, thrown)];
      for (const flaw of flaws) add(findingOf(flaw, use, { project, pipeline }));
    }
  }
  const openRegistry = uses.some(({ options }) => namesRegistry(options))
    ? (await import('../host/route-registry.ts')).openRouteRegistry
    : undefined;
  return { codecs: { makers, files, openRegistry }, findings: [...findings.values()] };
}

function tryOut(
  maker: CodecMaker,
  { files: [first = '', ...others], options }: CodecUse,
  files: SchemaCodecs['files'],
): void {
  const schema = files.get(first);
  if (schema === undefined) return;
  const codec = maker({ schema, options, rules: { numbers: 'reject', depth: 1 } });
  for (const name of others) {
    const other = files.get(name);
    if (other !== undefined) codec.readerOf?.(other);
  }
}

function unreadable({ files: [file] }: CodecUse, thrown: unknown): CodecFlaw {
  return { file, at: '', expected: 'a readable schema', found: messageOf(thrown), write: '' };
}

function findingOf(
  { file, at, expected, found, write, suggestion }: CodecFlaw,
  use: CodecUse,
  { project, pipeline }: { readonly project: ProjectFolders; readonly pipeline: string },
): Finding {
  const path = file === undefined ? pipeline : join(project.folder, 'schemas', file);
  return {
    severity: 'error',
    code: 'SCHEMA_BROKEN',
    file: path,
    ...(file === undefined ? use.placeOf(at) : placeIn(path, at, found)),
    path: file === undefined ? '' : at,
    expected,
    found,
    write,
    ...(suggestion !== undefined && { suggestion }),
  };
}

/** JSON is YAML, and the YAML reader yields positions. A binary file has none. */
function placeIn(path: string, at: string, found: string): { readonly line: number; readonly column: number } {
  const stopped = /\(line (\d+) column (\d+)\)$/.exec(found);
  if (stopped !== null) return { line: Number(stopped[1]), column: Number(stopped[2]) };
  if (path.endsWith('.binpb')) return { line: 1, column: 1 };
  const { line, column } = parseYaml(readFileSync(path, 'utf8')).places.of(at);
  return { line, column };
}
