import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyAudit } from '../../runtime/store/audit/verify-audit.ts';
import { NO_MOUNT, smallDisk } from '../harness/small-disk.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type GuardRun, startGuard, TRACK } from './guard-fixture.ts';

function said({ run }: GuardRun, event: string): boolean {
  return run.said.some((line) => line.event === event);
}

/** Longer than the guard waits before it tries again. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 700);
  });
}

test('while the disk of the audit file is full nothing leaves and nothing is settled, and then all of it', async (t) => {
  using disk = smallDisk('64k');
  if (disk === undefined) return t.skip(NO_MOUNT);
  const audit = join(disk.path, 'g.jsonl');
  await using guard = await startGuard({ audit });
  await guard.publish({ ...TRACK, id: 'alpha-1' });
  await waitFor(() => guard.low[0], 5000, 'the first release');
  const filler = join(disk.path, 'filler');
  assert.throws(() => writeFileSync(filler, Buffer.alloc(1024 * 1024)), /ENOSPC/);
  // What is left of the last page of the file takes a few records more.
  const count = 40;
  for (let at = 2; at < count; at += 1) await guard.publish({ ...TRACK, id: `alpha-${at}` });
  await guard.publish({ ...TRACK, kind: 'spy' });
  await waitFor(() => said(guard, 'guard-audit-unwritten'), 5000, 'the full disk to be said');
  await aWhile();
  const before = guard.low.length;
  assert.ok(before < count - 1);
  const [numbers] = guard.run.pipeline.numbers();
  assert.ok((numbers?.held ?? 0) > 0, 'what has no record is not settled');
  assert.equal(numbers?.blocked, 0, 'a refusal without a record has no effect either');
  const released = readFileSync(audit, 'utf8').split('"outcome":"release"').length - 1;
  assert.ok(released >= before, 'nothing left without its record');
  rmSync(filler);
  const { blocked, delivered } = await guard.run.rest(count);
  assert.deepEqual({ blocked, delivered }, { blocked: 1, delivered: count - 1 });
  assert.ok(said(guard, 'guard-audit-written'));
  await guard.run.stop();
  assert.equal((await verifyAudit(audit, undefined)).isWhole, true);
});

test('an audit file that somebody replaces stops the route, and what waits goes back to its source', async () => {
  await using guard = await startGuard({}, { run: { drainMs: 100 } });
  await guard.publish(TRACK);
  await waitFor(() => guard.low[0], 5000, 'the first release');
  renameSync(guard.audit, `${guard.audit}.old`);
  writeFileSync(guard.audit, readFileSync(`${guard.audit}.old`));
  await guard.publish(TRACK);
  await waitFor(() => said(guard, 'guard-audit-unwritten'), 5000, 'the other file to be said');
  await aWhile();
  assert.equal(guard.low.length, 1);
  const [numbers] = guard.run.pipeline.numbers();
  assert.deepEqual([numbers?.held, numbers?.deadLettered, numbers?.blocked], [1, 0, 0]);
  await guard.run.stop();
  assert.deepEqual(guard.run.letters(), []);
  assert.equal(guard.low.length, 1);
});
