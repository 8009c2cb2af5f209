import { accessSync, constants, mkdtempSync, readFileSync, rmdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '#contract/errors.ts';

/** What the machine says of a folder that the pipeline writes to. */
export interface FolderFacts {
  readonly path: string;
  /** What lies in it: `state`, `the spool of route positions`. */
  readonly use: string;
  /** The folder itself, or the nearest one above it that exists. */
  readonly existing: string;
  /** Why nothing can be written there; undefined: a file was made there, and removed. */
  readonly refusal: string | undefined;
  readonly freeBytes: number;
  /** What the file allows it to grow to. */
  readonly neededBytes: number;
  /** The number of its file system, as `statfs` has it. */
  readonly fileSystem: number;
}

export interface MachineFacts {
  readonly node: string;
  readonly nowMs: number;
  /** The most files that this process may have open; undefined: not known here, or no limit. */
  readonly openFiles: number | undefined;
  /** Connections that the pipeline makes. */
  readonly connections: number;
  readonly folders: readonly FolderFacts[];
}

export interface WantedFolder {
  readonly path: string;
  readonly use: string;
  readonly neededBytes: number;
}

/** Looks at one folder. A folder that does not exist is not made. */
export function folderFacts({ path, use, neededBytes }: WantedFolder): FolderFacts {
  const existing = nearest(resolve(path));
  const { bavail, bsize, type } = statfsSync(existing);
  return {
    path,
    use,
    existing,
    refusal: refusalOf(existing),
    freeBytes: bavail * bsize,
    neededBytes,
    fileSystem: type,
  };
}

function nearest(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    if (statSync(at, { throwIfNoEntry: false }) !== undefined || dirname(at) === at) return at;
  }
}

function refusalOf(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return 'it is no folder';
    accessSync(folder, constants.W_OK | constants.X_OK);
    // A read-only file system refuses even the super-user, and only when something is made.
    rmdirSync(mkdtempSync(join(folder, '.sluice-doctor-')));
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** The soft limit of this process. Node has raised it to the hard one at its start. */
export function openFilesLimit(): number | undefined {
  try {
    const line = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line === null ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}
