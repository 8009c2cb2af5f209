import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** File names of a project's folders, endings included. */
export interface ProjectFolders {
  readonly folder: string;
  readonly functions: readonly string[];
  readonly schemas: readonly string[];
}

/** Files of `schemas/` that describe no body: the schemas of pipeline files, label policies and outputs of commands, and the policies. */
const NO_BODY = /^(pipeline|label-policy|command-output)\.schema\.json$|\.policy\.json$/;

/** Whether a file of `schemas/` is the schema of a body. */
export function isBodySchema(file: string): boolean {
  return file.endsWith('.json') && !NO_BODY.test(file);
}

const LONGEST_REFERENCE = 1_000_000;

/** Endings of files by folder; the first that exists counts. `x.json` beside `x.ts` is data of the function. */
const ENDINGS = { functions: ['.ts', '.mts', '.js', '.mjs'], schemas: ['.json'] } as const;

/** A missing folder counts as empty; names of the pipeline file are then reported as unknown. */
export function readProjectFolders(folder: string): ProjectFolders {
  return { folder, functions: list(join(folder, 'functions')), schemas: list(join(folder, 'schemas')) };
}

/** The file of a name without ending. The check has verified that it exists. */
export function projectFile({ folder, ...files }: ProjectFolders, kind: 'functions' | 'schemas', name: string): string {
  const file = ENDINGS[kind].map((ending) => name + ending).find((candidate) => files[kind].includes(candidate));
  return join(folder, kind, file ?? name);
}

/** Content of a `file:` reference at the time of each call. */
export function referenceReader(folder: string): (path: string) => string {
  const pipes = new Map<string, string>();
  return (path) => {
    const file = resolve(folder, path);
    const known = pipes.get(file);
    if (known !== undefined) return known;
    const stats = statSync(file);
    // A device file has no end, and no secret is so long.
    if (stats.isCharacterDevice() || stats.isBlockDevice() || stats.size > LONGEST_REFERENCE)
      throw new Error(`${file} is no file of at most ${LONGEST_REFERENCE} bytes`);
    const text = readFileSync(file, 'utf8');
    // A pipe can be read once; a second read would wait for its writer: `file:/dev/fd/3`.
    if (!stats.isFile()) pipes.set(file, text);
    return text;
  };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
