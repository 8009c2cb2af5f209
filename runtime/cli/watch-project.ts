import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { projectFolder } from '../project/project-folder.ts';

/** Editors write a file in several steps: a temporary file, a new name, the times. */
const SETTLE_MS = 100;
/** Of a project: those that hold sources beside the pipeline file. */
export const SOURCE_FOLDERS = ['functions', 'schemas'];
const NO_SOURCE = /(?:^|[\\/])(?:\..*|node_modules|dist|.*~)(?:[\\/]|$)/;

/** Whether a path below the project may be a source: not what Sluice, npm, git and editors write beside them. */
export function isSource(path: string): boolean {
  return !NO_SOURCE.test(path);
}

/**
 * Calls `changed` after each change of the pipeline file, of the files beside it, and of what is in `functions/` and `schemas/`,
 * once for changes that come together. Folders may be missing and appear later. `more`: further folders, asked after each change.
 * Disposing ends it.
 */
export function watchProject(
  pipelineFile: string,
  changed: () => void,
  more: () => readonly string[] = () => [],
): Disposable {
  const project = projectFolder(pipelineFile);
  const beside = dirname(resolve(pipelineFile));
  const below = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const onChange = (_event: string, name: string | null): void => {
    if (name !== null && !isSource(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      watchFolders();
      changed();
    }, SETTLE_MS);
  };
  const watchFolders = (): void => {
    for (const folder of SOURCE_FOLDERS.map((name) => join(project, name))) watchFolder(folder, true);
    for (const folder of more()) if (!above.has(folder)) watchFolder(folder, false);
  };
  const watchFolder = (folder: string, recursive: boolean): void => {
    if (!isFolder(folder)) {
      below.get(folder)?.close();
      below.delete(folder);
    } else if (!below.has(folder)) {
      const watcher = watch(folder, { recursive }, onChange);
      // The folder was removed: its parent tells of it.
      watcher.on('error', () => {});
      below.set(folder, watcher);
    }
  };
  const above = new Set([project, beside]);
  const watched = [...above].map((folder) => watch(folder, onChange));
  watchFolders();
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const watcher of [...watched, ...below.values()]) watcher.close();
    },
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
