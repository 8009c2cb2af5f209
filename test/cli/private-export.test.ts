import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../runtime/cli/command.ts';
import { exportPrivately } from '../../runtime/cli/private-export.ts';
import { NO_MOUNT, smallDisk } from '../harness/small-disk.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

test("an export is its owner's alone, also over a file that was open to others, and whatever the umask", () => {
  using folder = temporaryFolder('export');
  const before = process.umask();
  try {
    for (const mask of [0, 0o077, 0o777]) {
      process.umask(mask);
      const out = join(folder.path, `new-${mask}`);
      assert.equal(exportPrivately(out, ['a\n', 'b\n']), 2);
      assert.equal(lstatSync(out).mode & 0o777, 0o600);
      const old = join(folder.path, `old-${mask}`);
      process.umask(0);
      writeFileSync(old, 'much longer than what comes', { mode: 0o644 });
      process.umask(mask);
      exportPrivately(old, ['c\n']);
      assert.deepEqual([readFileSync(old, 'utf8'), lstatSync(old).mode & 0o777], ['c\n', 0o600]);
    }
  } finally {
    process.umask(before);
  }
  assert.ok(
    readdirSync(folder.path).every((name) => !name.endsWith('.new')),
    'nothing else is left',
  );
});

test('an export never goes through a link, nor over anything but a file', () => {
  using folder = temporaryFolder('export');
  const target = join(folder.path, 'target');
  writeFileSync(target, 'precious', { mode: 0o644 });
  const out = join(folder.path, 'out');
  symlinkSync(target, out);
  assert.throws(
    () => exportPrivately(out, ['a\n']),
    (thrown) => thrown instanceof UsageError && /symbolic link/.test(thrown.message),
  );
  mkdirSync(join(folder.path, 'folder'));
  assert.throws(() => exportPrivately(join(folder.path, 'folder'), ['a\n']), UsageError);
  assert.throws(() => exportPrivately('/dev/null', ['a\n']), UsageError);
  symlinkSync(target, join(folder.path, 'other.new'));
  exportPrivately(join(folder.path, 'other'), ['a\n']);
  assert.equal(readFileSync(target, 'utf8'), 'precious');
  assert.equal(lstatSync(target).mode & 0o777, 0o644);
});

test('an export that cannot be finished leaves the file of before as it was, and says so', (t) => {
  using folder = temporaryFolder('export');
  const out = join(folder.path, 'out');
  writeFileSync(out, 'before');
  const failing = function* (): Generator<string> {
    yield 'a\n';
    throw new Error('the store is away');
  };
  assert.throws(() => exportPrivately(out, failing()), {
    code: 'STATE_UNUSABLE',
    message: /out, found the store is away/,
  });
  assert.deepEqual([readFileSync(out, 'utf8'), readdirSync(folder.path)], ['before', ['out']]);
  using disk = smallDisk('1m');
  if (disk === undefined) {
    t.skip(NO_MOUNT);
    return;
  }
  const full = join(disk.path, 'out');
  assert.throws(() => exportPrivately(full, ['x'.repeat(2 * 1024 ** 2)]), {
    code: 'STATE_UNUSABLE',
    message: /no space/,
  });
  assert.deepEqual(readdirSync(disk.path), []);
});
