import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#contract/log.ts';
import { isStateFolder } from '../store/state-folder.ts';
import { shortPath } from './short-path.ts';

const HOME = '.sluice';

/** The state folder of a pipeline unless `--state` names another. `home`: the folder of its project, or of its bundle. */
export function standardState(home: string, pipeline: string): string {
  return shortPath(join(home, HOME, pipeline));
}

/** The state folder of the place where earlier versions kept it, the current folder; undefined where there is none. */
export function olderState(home: string, pipeline: string): string | undefined {
  const older = join(HOME, pipeline);
  if (!isStateFolder(older)) return undefined;
  return realPath(older) === realPath(join(home, HOME, pipeline)) ? undefined : older;
}

/** Logs that an older folder is not used. A spool or dead letters in it would be forgotten otherwise. */
export function warnOfOlderState(log: Log, home: string, pipeline: string): void {
  const older = olderState(home, pipeline);
  if (older !== undefined) log.warn('state-elsewhere', { folder: older, text: olderText(older, home, pipeline) });
}

export function olderText(older: string, home: string, pipeline: string): string {
  const used = standardState(home, pipeline);
  return `${older} holds the state of an earlier run and is not used: move it to ${used}, name it with --state, or delete it`;
}

/** The state folders beside a project and in the current folder. */
export function knownStates(home: string): readonly string[] {
  const folders = [join(home, HOME), HOME].flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  return [...new Set(folders.filter(isStateFolder).map(shortPath))];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

/** Undefined where nothing lies there. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
