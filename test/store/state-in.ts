import type { ProcessedIds } from '../../runtime/contract/processed-ids.ts';
import { beginRun, type CrashSuspectStore } from '../../runtime/store/crash-suspects.ts';
import { stateFilesIn } from '../../runtime/store/open-state-file.ts';
import { type ProcessedIdBounds, processedIdsIn } from '../../runtime/store/processed-ids.ts';
import { openStateDatabase, type StateDatabase } from '../../runtime/store/state-database.ts';

/** The database of a folder, without reports. */
export function stateIn(folder: string): StateDatabase {
  return openStateDatabase(stateFilesIn(folder));
}

/** The processed ids in a folder, apart from everything else. */
export function idsIn(folder: string, nowMs?: () => number) {
  const state = stateIn(folder);
  return {
    processedIds: (owner: string, bounds: ProcessedIdBounds): ProcessedIds =>
      processedIdsIn(state, owner, bounds, nowMs),
    close: (): void => state.close(),
  };
}

/** A run in a folder, apart from everything else. */
export function runIn(folder: string): CrashSuspectStore & { readonly close: () => void } {
  const state = stateIn(folder);
  return { ...beginRun(state), close: () => state.close() };
}
