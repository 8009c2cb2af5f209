import { SluiceError } from '#contract/errors.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';
import { textOf } from './dead-letters/row.ts';
import { damagedFileIn } from './lost-checkpoints.ts';
import { type StateDatabase, usingState } from './state-database.ts';

/** The checkpoints of a pipeline's ends, by owner: the name of an end, the same at every start. */
export type Checkpoints = (owner: string) => Checkpoint;

/** Throws STATE_UNUSABLE. */
export function checkpointsIn(state: StateDatabase): Checkpoints {
  const { database, file } = state;
  const select = database.prepare('SELECT text FROM checkpoints WHERE owner = ?');
  const upsert = database.prepare(
    'INSERT INTO checkpoints (owner, text) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET text = excluded.text',
  );
  const using = <T>(act: () => T): T => usingState(state, act);
  return (owner) => ({
    read: () => textOf(using(() => select.get(owner)?.['text'])),
    assertKept() {
      const lost = damagedFileIn(state.folder);
      if (lost === undefined || using(() => select.get(owner)) !== undefined) return;
      throw new SluiceError(
        'STATE_DAMAGED',
        `expected the place of ${owner} in ${file}, found none beside ${lost}: a start at the position of the route's start may leave messages out. Set start to a time or an offset before the loss, and delete ${lost}`,
      );
    },
    write(text) {
      using(() => upsert.run(owner, text));
    },
  });
}
