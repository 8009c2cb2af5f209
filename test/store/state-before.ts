import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPipelineState } from '../../runtime/store/pipeline-state.ts';
import { openDatabase } from '../../runtime/store/sqlite.ts';
import { isProcessed } from './is-processed.ts';

const DUMPS = join(import.meta.dirname, 'fixtures/state-before');
export const OLD_NAMES = ['ledger', 'memos', 'suspects'] as const;
const UNBOUNDED = { most: 65_536, windowMs: undefined };

/** Every file of the folder of a pipeline that the version before left after a kill: its own code wrote the dumps. */
export function writeStateBefore(path: string): void {
  mkdirSync(path, { mode: 0o700 });
  for (const name of OLD_NAMES) {
    const database = openDatabase(join(path, `${name}.sqlite`));
    database.exec(readFileSync(join(DUMPS, `${name}.sql`), 'utf8'));
    database.close();
  }
  const files = Object.fromEntries(OLD_NAMES.map((name) => [`${name}.sqlite`, '2026-11-27T09:26:32.519Z']));
  writeFileSync(join(path, 'stamps.json'), JSON.stringify({ version: 1, files }));
}

interface Kept {
  readonly said: readonly { readonly event: string; readonly file: unknown }[];
  readonly ids: boolean;
  readonly checkpoints: boolean;
  readonly suspects: boolean;
}

/** Starts in the folder once: what was reported, and which kind of content is all there. */
export function keptIn(path: string): Kept {
  const said: { event: string; file: unknown }[] = [];
  const say = (event: string, fields: { file?: unknown } = {}): void => void said.push({ event, file: fields.file });
  const state = openPipelineState(path, { info: say, warn: say, error: say });
  try {
    return { said, ...contentOf(state) };
  } finally {
    state.close();
  }
}

function contentOf(state: ReturnType<typeof openPipelineState>): Omit<Kept, 'said'> {
  const ids = state.processedIds('r', UNBOUNDED);
  const { isAfterCrash, size, ...suspects } = state.suspects().of('r');
  assert.equal(isAfterCrash, true, 'the version before was killed');
  return {
    ids:
      ['p/r/s:1', 'p/r/s:5', 'dead s:6'].every((id) => isProcessed(ids, id)) &&
      ids.sequences().get('key 0') === 6 &&
      ids.sequences().get('key 1') === 7.5 &&
      isProcessed(state.processedIds('r dedupe', UNBOUNDED), "it's key 1") &&
      isProcessed(state.processedIds('other', UNBOUNDED), 'p/other/s:1'),
    checkpoints:
      state.checkpoint('r source').read() === '{"offset":42}' &&
      state.checkpoint('other sink').read() === "it's epoch 7",
    // The message that was inside counts one crash more with each start that follows no clean end.
    suspects: size === 2 && suspects.crashCount('poison') >= 2,
  };
}
