import type { Memo } from '../../runtime/contract/memo.ts';

/** A memo of its own: what outlives an end that is closed and opened again. */
export function newMemo(): Memo {
  let text: string | undefined;
  return {
    read: () => text,
    write(written) {
      text = written;
    },
  };
}

const texts = new Map<string, string>();

/** A memo that lives as long as the test's process: two contexts of one owner share it, as two starts of a bridge do. */
export function memoForTest(owner: string): Memo {
  return {
    read: () => texts.get(owner),
    write(text) {
      texts.set(owner, text);
    },
  };
}
