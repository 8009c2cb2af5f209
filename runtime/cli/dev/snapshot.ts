import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { projectFolder } from '../../project/project-folder.ts';
import { isSource, SOURCE_FOLDERS } from '../watch-project.ts';

/** What the files of a project hold: a digest of each, by its path from the project's folder. */
export type Snapshot = ReadonlyMap<string, string>;

/** A test runs in no pipeline. */
const TEST = /\.(test|spec)\.[a-z]+$/;

/** `imported`: further files that functions import, from the project's folder. */
export function snapshotOf(pipelineFile: string, imported: readonly string[]): Snapshot {
  const project = projectFolder(pipelineFile);
  const inFolders = SOURCE_FOLDERS.flatMap((folder) =>
    listed(join(project, folder))
      .filter((name) => isSource(name) && !TEST.test(name))
      .map((name) => join(folder, name)),
  );
  const found = new Map<string, string>();
  for (const path of new Set([relative(project, resolve(pipelineFile)), ...inFolders, ...imported])) {
    const digest = digestOf(join(project, path));
    if (digest !== undefined) found.set(path, digest);
  }
  return found;
}

/** The files that came, went or changed. */
export function changedBetween(one: Snapshot, other: Snapshot): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path)).toSorted();
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}

/** Undefined where no file is: a folder, or one that was removed meanwhile. */
function digestOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('base64');
  } catch {
    return undefined;
  }
}
