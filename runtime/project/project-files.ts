import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** File names of a project's folders, endings included. */
export interface ProjectFolders {
  readonly folder: string;
  readonly functions: readonly string[];
  readonly schemas: readonly string[];
}

const LONGEST_REFERENCE = 1_000_000;

/** What a name may lead to, the first one there. `x.json` beside `x.ts` is data of the function, not the function. */
const ENDINGS = { functions: ['.ts', '.mts', '.js', '.mjs'], schemas: ['.json'] } as const;

/** A folder that is not there holds nothing; what the pipeline file names is then reported as unknown. */
export function readProjectFolders(folder: string): ProjectFolders {
  return { folder, functions: list(join(folder, 'functions')), schemas: list(join(folder, 'schemas')) };
}

/** The file of this name without its ending. The checker has seen that there is one. */
export function projectFile({ folder, ...files }: ProjectFolders, kind: 'functions' | 'schemas', name: string): string {
  const file = ENDINGS[kind].map((ending) => name + ending).find((candidate) => files[kind].includes(candidate));
  return join(folder, kind, file ?? name);
}

/** Content of a `file:` reference, as it lies there at each call. */
export function referenceReader(folder: string): (path: string) => string {
  const pipes = new Map<string, string>();
  return (path) => {
    const file = resolve(folder, path);
    const known = pipes.get(file);
    if (known !== undefined) return known;
    const stats = statSync(file);
    // A device has no end, and no secret is so long.
    if (stats.isCharacterDevice() || stats.isBlockDevice() || stats.size > LONGEST_REFERENCE)
      throw new Error(`${file} is no file of at most ${LONGEST_REFERENCE} bytes`);
    const text = readFileSync(file, 'utf8');
    // A pipe gives what it holds once, and a second reading would wait for its other end: `file:/dev/fd/3`.
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
