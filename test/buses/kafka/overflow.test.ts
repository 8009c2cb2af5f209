import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCEPT } from '#contract/delivery.ts';
import { bareAssignment } from './bare-assignment.ts';

test('a settled message that finds no room in the commit does not hold its key, and is counted in the notice', async () => {
  using made = bareAssignment({ isFenced: true, perFetch: 10, maxMetadataBytes: 0 });
  await made.begin({ offset: 0 });
  const [, ...behind] = await made.assignment.read({ messages: 10, bytes: 1e9 }, AbortSignal.timeout(1000));
  for (const delivery of behind) delivery.settle(ACCEPT);
  assert.ok(behind.every(({ shared }) => shared?.isDurable === false));
  const commit = made.assignment.beginCommit();
  assert.deepEqual([commit.places[0]?.offset, commit.places[0]?.metadata, commit.omitted], [0, '', 9]);
  made.assignment.committed(commit);
  assert.ok(behind.every(({ shared }) => shared?.isDurable === true));
  assert.match(await made.reported('COMMIT_OVERFLOW'), /: 9 settled messages find no room .* behind newer ones/);
});
