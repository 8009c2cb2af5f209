import {
  type LetterCause,
  type RunDeadLetters,
  readRunDeadLetters,
  removeRunDeadLetters,
} from '../verify/run-dead-letters.ts';
import { isFolderFree, isStateFolder } from '../store/state-folder.ts';
import { type Arguments, UsageError } from './command.ts';
import type { JudgedRoute } from './verify-ends.ts';
import { deadLetterCount, textOf } from './verify-options.ts';

/** The dead letters of a check. */
export interface LettersAside {
  /** The number that is allowed, if the command line states one. */
  readonly count: number | undefined;
  /** The letters of this run so far; undefined if they cannot be read. */
  look(run: string): RunDeadLetters | undefined;
  /** At the end: their causes, and how many were removed. */
  end(run: string): { readonly causes: readonly LetterCause[]; readonly removed: number };
  /** The state folder of the process that runs the route here. */
  readonly running: string | undefined;
  /** The text for missing messages if no dead letters could be read. */
  readonly hint: string | undefined;
}

/** Throws UsageError. */
export function lettersOf(given: Arguments, route: JudgedRoute | undefined): LettersAside {
  const count = deadLetterCount(given);
  const named = textOf(given.values, 'state');
  if (count !== undefined && named !== undefined) throw new UsageError('expected --dead-letters or --state, not both');
  // A folder that no process holds is not used: the route may run on another machine, with its dead letters there.
  const own = route !== undefined && isHeld(route.stateFolder) ? route.stateFolder : undefined;
  const folder = count === undefined ? (named ?? own) : undefined;
  const keeps = given.values['keep-letters'] === true;
  const look = (run: string): RunDeadLetters | undefined =>
    folder === undefined ? undefined : readRunDeadLetters(folder, run, route?.name);
  return {
    count,
    running: named !== undefined && isHeld(named) ? named : own,
    look,
    end(run) {
      const found = look(run);
      if (folder === undefined || found === undefined) return { causes: [], removed: 0 };
      return { causes: found.causes, removed: keeps ? 0 : removeRunDeadLetters(folder, found) };
    },
    hint:
      route === undefined || folder !== undefined || count !== undefined
        ? undefined
        : `no process runs the pipeline with ${route.stateFolder}: --state DIR searches the dead letters of the folder that it runs with for missing messages`,
  };
}

function isHeld(folder: string): boolean {
  return isStateFolder(folder) && !isFolderFree(folder);
}
