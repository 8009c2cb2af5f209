import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { test } from 'node:test';

const PROJECT = resolve(import.meta.dirname, '../..');

/**
 * Words that were the project's own and may not come back, with the field's term. They are parts of identifiers and of file
 * names: `memo` finds `MemoStore`, `readMemo` and `memo-store.ts`. Names on the user's disk are strings and stay.
 */
const REPLACED: Readonly<Record<string, string>> = {
  outbox: 'PipelinedSender: elsewhere an outbox is a transactional one',
  courier: 'Sender',
  parcel: 'OutgoingFrame',
  yielding: 'AdaptiveConcurrency',
  morgue: 'DeadLetterWriter',
  bury: 'write a dead letter',
  buried: 'dead-lettered',
  shelf: 'dead-letters/admin',
  standings: 'stats',
  ledger: 'ProcessedIds',
  doubtful: 'LogRecoverySink',
  freshness: 'SequenceTracker',
  memo: 'Checkpoint',
  probation: 'CrashQuarantine',
  convict: 'quarantine, detect',
  pulse: 'EventLoopWatchdog',
  moody: 'flaky',
  crowd: 'SwapSet',
  insist: 'retryUntilReady',
  complain: 'reportProblem',
  wears: 'has',
};

/** Without comments, strings and regular expressions: what is left are identifiers, keywords and numbers. */
const NOT_CODE =
  /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[(,=:[!&|?{}\n]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g;

function partsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
}

/** The replaced words in a file: its name, then its identifiers. */
function replacedIn(file: string, source: string): readonly string[] {
  const names = [basename(file), ...(source.replaceAll(NOT_CODE, ' ').match(/[A-Za-z_$][\w$]*/g) ?? [])];
  return [...new Set(names)].flatMap((name) =>
    partsOf(name).flatMap((part) =>
      Object.hasOwn(REPLACED, part) ? [`${file}: ${name}: write ${REPLACED[part]}`] : [],
    ),
  );
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .map((file) => join(folder, file));
}

test('no file and no identifier has a word that was replaced by the standard term', () => {
  const files = ['runtime', 'functions', 'test'].flatMap(sources).filter((file) => !file.endsWith('words.test.ts'));
  assert.ok(files.length > 500, `${files.length} files`);
  assert.deepEqual(
    files.flatMap((file) => replacedIn(file, readFileSync(join(PROJECT, file), 'utf8'))),
    [],
  );
});

test('a replaced word is found in every spelling of a name, and nowhere else', () => {
  const found = (source: string, file = 'runtime/a.ts'): number => replacedIn(file, source).length;
  assert.equal(found('const readMemo = new MemoStore(MEMO_SIZE, this.#memo);'), 4);
  assert.equal(found('', 'runtime/store/memo-store.ts'), 1);
  assert.equal(found('// memo\n/* memo */ const x = \'memo.sqlite\' + `memo` + "memo";'), 0);
  assert.equal(found('const memory = memorable;'), 0);
});
