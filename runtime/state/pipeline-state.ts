import type { DeadLetters } from '#contract/dead-letter.ts';
import type { Memo } from '#contract/memo.ts';
import { openDeadLetterStore } from './dead-letter-store.ts';
import { openMemoStore } from './memo-store.ts';
import { takeStateFolder } from './state-folder.ts';

/** What of a pipeline outlives its process, in a folder that one process holds. */
export interface PipelineState {
  readonly folder: string;
  /** True when this start made the folder. */
  readonly isNew: boolean;
  readonly deadLetters: DeadLetters;
  /** `owner`: whose it is, the same at every start. */
  memo(owner: string): Memo;
  close(): void;
}

/** Throws STATE_LOCKED or STATE_UNUSABLE, and then holds nothing. */
export function openPipelineState(path: string): PipelineState {
  const folder = takeStateFolder(path);
  const opened: { close(): void }[] = [];
  const close = (): void => {
    for (const store of opened) store.close();
    folder.release();
  };
  try {
    const deadLetters = openDeadLetterStore(folder.path);
    opened.push(deadLetters);
    const memos = openMemoStore(folder.path);
    opened.push(memos);
    return { folder: folder.path, isNew: folder.isNew, deadLetters, memo: (owner) => memos.memo(owner), close };
  } catch (thrown) {
    close();
    throw thrown;
  }
}
