import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { dice, seedOfRun } from '../../kill/random.ts';
import { openIn } from './spool-fixture.ts';
import { lostOf, type Marks, readMarks } from './marks.ts';

const TAKER = resolve(import.meta.dirname, 'taker.ts');
const KILLS = 30;
const START_MS = 20_000;

test(`a process that is killed ${KILLS} times while it takes and sends loses nothing that the source heard accept of`, async (t) => {
  using folder = temporaryFolder('spool');
  const seed = seedOfRun();
  t.diagnostic(`SLUICE_SEED=${seed}`);
  const roll = dice(seed);
  const file = join(folder.path, 'marks');
  writeFileSync(file, '');
  const marksNow = (): Marks => readMarks(readFileSync(file, 'utf8'));
  let lost = 0;
  let lain = 0;
  for (let nth = 0; nth < KILLS; nth += 1) {
    const before = statSync(file).size;
    const last = Math.max(0, ...marksNow().accepted);
    const args = [TAKER, folder.path, String(last + 1), String(last + 1_000_000), String(seed + nth)];
    const taker = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(taker, 'exit');
    await waitFor(() => statSync(file).size > before, START_MS, 'the taker to take something');
    await sleep(roll(0, 250));
    taker.kill('SIGKILL');
    await ended;
    const { store, damage } = openIn(folder.path);
    assert.equal(damage, undefined);
    lain += store.messages;
    lost += lostOf(store, marksNow()).length;
    store.close();
  }
  const { accepted, delivered } = marksNow();
  t.diagnostic(`${accepted.size} accepted, ${delivered.size} delivered, ${lain} lay there at the ${KILLS} starts`);
  assert.ok(lain > KILLS * 20 && delivered.size > KILLS * 20, `${lain} lay there, ${delivered.size} were delivered`);
  assert.equal(lost, 0);
});
