// `node filler.ts FOLDER`: takes messages of 1,500 bytes into a spool until the disk is full, while nothing is sent on. Says
// `full N`, N being the last one that the source heard accept of, and stays until it is killed.
import { guarded, MIB, spoolIn } from './spool-fixture.ts';
import { GivenSource } from './given-source.ts';
import { frameForTest } from '../../engine/route-for-test.ts';

const [, , folder = ''] = process.argv;
const source = new GivenSource();
const { spool, pauses } = spoolIn(folder, { maxBytes: 1024 * MIB, source, services: guarded(folder) });
// One is lent and never settled: the intake is at work.
void spool.read({ messages: 1, bytes: 1e9 }, new AbortController().signal);
let number = 0;
const feeding = setInterval(() => {
  if (pauses.includes('unwritable')) {
    clearInterval(feeding);
    process.stdout.write(`full ${source.settled.length}\n`);
  } else if (source.unread < 500) {
    source.give(Array.from({ length: 500 }, () => frameForTest('in/a', `${(number += 1)} ${'x'.repeat(1500)}`)));
  }
}, 1);
setInterval(() => {}, 60_000);
