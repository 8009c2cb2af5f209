import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogPart } from '#contract/log-replay.ts';
import { makePrivateFolder, writePrivate } from '../../store/private-file.ts';
import { stateError } from '../../store/state-error.ts';
import type { ReplayOf } from './replay-name.ts';

/** What a replay keeps of itself in its folder. */
export interface ReplayRecord extends ReplayOf {
  readonly id: string;
  /** The name of its reader at the server. */
  readonly reader: string;
  /** As they were when the replay first began: a later start ends at the same positions. */
  readonly parts: readonly LogPart[];
  readonly isFinished: boolean;
}

const FILE = 'replay.json';

/** Folder of the replays of a pipeline with that state folder. */
export function replaysFolder(stateFolder: string): string {
  return join(stateFolder, 'replay');
}

/** Undefined where there is none, or none that can be read: the replay then begins anew. */
export function readRecord(folder: string): ReplayRecord | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
    return isRecord(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(found: unknown): found is ReplayRecord {
  return typeof found === 'object' && found !== null && 'reader' in found && 'parts' in found && 'isFinished' in found;
}

/** Durable when it returns. Throws STATE_UNUSABLE or STATE_LINKED. */
export function writeRecord(folder: string, record: ReplayRecord): void {
  try {
    makePrivateFolder(folder);
    writePrivate(join(folder, FILE), `${JSON.stringify(record)}\n`);
  } catch (thrown) {
    throw stateError(`write ${join(folder, FILE)}`, thrown);
  }
}

/**
 * The folder of a replay, and the unfinished one in it. One that has finished and left dead letters keeps its folder: a later one of
 * the same range gets the next, so that the ids of the first are not repetitions.
 */
export function folderOf(
  root: string,
  id: string,
): { readonly id: string; readonly folder: string; readonly record: ReplayRecord | undefined } {
  for (let at = 1; ; at += 1) {
    const name = at === 1 ? id : `${id}-${at}`;
    const folder = join(root, name);
    const record = readRecord(folder);
    if (record?.isFinished === true) continue;
    if (record !== undefined || !existsSync(folder) || readdirSync(folder).length === 0)
      return { id: name, folder, record };
  }
}

/** The replays of a pipeline that have not finished. */
export function unfinished(root: string): readonly ReplayRecord[] {
  if (!existsSync(root)) return [];
  const records = readdirSync(root).map((name) => readRecord(join(root, name)));
  return records.filter((record): record is ReplayRecord => record?.isFinished === false);
}
