import assert from 'node:assert/strict';
import { appendFileSync, existsSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NO_MOUNT, smallDisk } from '../harness/small-disk.ts';
import { waitFor } from '../harness/wait-for.ts';
import { fixture, numbersOf } from './spool-fixture.ts';

const DEADLINE_MS = 10_000;

test('on a disk without a free byte a start comes about, and what lies in the spool of a command route is sent on and leaves', async (t) => {
  using disk = smallDisk('48m');
  if (disk === undefined) {
    t.skip(NO_MOUNT);
    return;
  }
  const state = join(disk.path, 'state');
  await using here = fixture({ state, route: { class: 'command' }, from: { key: '{address.1}', expires: '1h' } });
  const first = await here.start();
  const pad = 'x'.repeat(1500);
  for (let n = 1; n <= 2000; n += 1) await here.publish(`unit-${n % 100}`, `${n} ${pad}`);
  await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'the source to hear accept of all');
  await waitFor(() => existsSync(join(state, 'reserve')), DEADLINE_MS, 'the reserve of the folder');
  const ballast = join(disk.path, 'ballast');
  const fill = (): void => {
    for (const size of [65_536, 4096, 1]) {
      assert.throws(() => {
        for (;;) appendFileSync(ballast, new Uint8Array(size));
      });
    }
  };
  fill();
  await first.stop();
  fill();
  const second = await here.start();
  here.gate.isOpen = true;
  await waitFor(() => numbersOf(second).spooled === 0, 2 * DEADLINE_MS, 'the spool to be empty');
  assert.equal(new Set(here.texts()).size, 2000);
});

test('a state folder that is deleted while the bridge runs costs nothing: what was accepted before and behind it arrives', async () => {
  await using here = fixture();
  const first = await here.start();
  for (let n = 1; n <= 200; n += 1) await here.publish('a', String(n));
  await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'the source to hear accept of all');
  rmSync(here.state, { recursive: true });
  for (let n = 201; n <= 400; n += 1) await here.publish('a', String(n));
  await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'the source to hear accept of the others');
  assert.ok(here.said.some(({ event, fields }) => event === 'state-file-rewritten' && fields['route'] === 'r'));
  await first.stop();
  const second = await here.start();
  here.gate.isOpen = true;
  await waitFor(() => here.texts().length === 400, DEADLINE_MS, 'all to arrive');
  assert.deepEqual(
    here.texts().map(Number),
    Array.from({ length: 400 }, (_, index) => index + 1),
  );
  await second.stop();
});

test('a spool that was cut off to nothing, or is gone, is said at the start, and the route goes on', async () => {
  await using here = fixture();
  for (const damage of [(file: string): void => truncateSync(file), (file: string): void => rmSync(file)]) {
    const first = await here.start();
    await here.publish('a', 'x');
    await waitFor(() => here.unsettled() === 0, DEADLINE_MS, 'the source to hear accept');
    await first.stop();
    const said = here.said.length;
    damage(join(here.state, 'spool-r.sqlite'));
    const second = await here.start();
    const lines = here.said.slice(said).filter(({ event }) => event === 'spool-damaged');
    assert.deepEqual(
      lines.map(({ level, fields }) => [level, fields['recovered']]),
      [['error', 0]],
    );
    assert.match(
      String(lines[0]?.fields['text']),
      /found (an empty file, and it held something|no file, and there was one) at the last start/,
    );
    await second.stop();
  }
});
