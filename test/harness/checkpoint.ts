import type { Checkpoint } from '../../runtime/contract/checkpoint.ts';

/** A checkpoint of its own: what outlives an end that is closed and opened again. */
export function newCheckpoint(): Checkpoint {
  let text: string | undefined;
  return {
    read: () => text,
    write(written) {
      text = written;
    },
  };
}

const texts = new Map<string, string>();

/** A checkpoint that lives as long as the test's process: two contexts of one owner share it, as two starts of a bridge do. */
export function sharedCheckpoint(owner: string): Checkpoint {
  return {
    read: () => texts.get(owner),
    write(text) {
      texts.set(owner, text);
    },
  };
}
