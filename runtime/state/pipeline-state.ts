import type { DeadLetters } from '#contract/dead-letter.ts';
import type { Ledger } from '#contract/ledger.ts';
import type { Memo } from '#contract/memo.ts';
import { openDeadLetterStore } from './dead-letter-store.ts';
import { type LedgerBounds, type LedgerStore, openLedgerStore } from './ledger-store.ts';
import { type MemoStore, openMemoStore } from './memo-store.ts';
import { takeStateFolder } from './state-folder.ts';
import { openSuspectStore, type SuspectStore } from './suspect-store.ts';

/** What of a pipeline outlives its process, in a folder that one process holds. */
export interface PipelineState {
  readonly folder: string;
  /** True when this start made the folder. */
  readonly isNew: boolean;
  readonly deadLetters: DeadLetters;
  /** `owner`: whose it is, the same at every start. */
  memo(owner: string): Memo;
  /** What a route remembers of what it passed on. Throws STATE_UNUSABLE. */
  ledger(owner: string, bounds: LedgerBounds): Ledger;
  /** Opened when asked for, and that is the beginning of a run. Throws STATE_UNUSABLE. */
  suspects(): SuspectStore;
  close(): void;
}

/** Throws STATE_LOCKED or STATE_UNUSABLE, and then holds nothing. */
export function openPipelineState(path: string): PipelineState {
  const folder = takeStateFolder(path);
  try {
    const deadLetters = openDeadLetterStore(folder.path);
    // Most buses keep their own place: who writes nothing down waits for no second database.
    let memos: MemoStore | undefined;
    let ledgers: LedgerStore | undefined;
    const memoOf = (owner: string): Memo => (memos ??= openMemoStore(folder.path)).memo(owner);
    let suspects: SuspectStore | undefined;
    return {
      folder: folder.path,
      isNew: folder.isNew,
      deadLetters,
      memo: (owner) => ({ read: () => memoOf(owner).read(), write: (text) => memoOf(owner).write(text) }),
      ledger: (owner, bounds) => (ledgers ??= openLedgerStore(folder.path)).ledger(owner, bounds),
      suspects: () => (suspects ??= openSuspectStore(folder.path)),
      close() {
        deadLetters.close();
        memos?.close();
        ledgers?.close();
        suspects?.close();
        folder.release();
      },
    };
  } catch (thrown) {
    folder.release();
    throw thrown;
  }
}
