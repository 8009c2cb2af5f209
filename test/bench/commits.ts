// `node test/bench/commits.ts [--sync-ms 20] [--rate 1000] [--seconds 10] [--route command|spool|event] [--rounds 3]`: how long
// commits hold the event loop, on a disk whose syncs take so long. `--rate 0`: as fast as it goes. `--sync-ms real`: this disk.
// Each round is a process of its own, whole routes between two hubs in memory. A disk of a given speed: Linux, and a C compiler.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { recording } from '../harness/disk/recorded-disk.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import type { Held } from './commits-worker.ts';

const { values } = parseArgs({
  options: {
    'sync-ms': { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    route: { type: 'string', multiple: true, default: ['command', 'spool'] },
    rounds: { type: 'string', default: '3' },
  },
});
const WORKER = resolve(import.meta.dirname, 'commits-worker.ts');

async function round(route: string): Promise<Held> {
  using scratch = temporaryFolder('bench-commits');
  const folder = join(scratch.path, 'state');
  mkdirSync(folder);
  const syncMs = values['sync-ms'];
  const slow = syncMs === 'real' ? {} : await recording(folder, '/dev/null', scratch.path, Number(syncMs));
  const args = [folder, route, values.rate, values.seconds];
  const worker = fork(WORKER, args, {
    env: { ...process.env, ...slow },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  return await new Promise((done, fail) => {
    worker.once('message', (held: Held) => done(held));
    worker.once('exit', (code) => code !== 0 && fail(new Error(`the worker ended with ${code}`)));
  });
}

for (const route of values.route) {
  const rounds: Held[] = [];
  for (let nth = 0; nth < Number(values.rounds); nth += 1) rounds.push(await round(route));
  const median = (of: (held: Held) => number): string =>
    (rounds.map(of).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN).toFixed(2);
  process.stdout.write(
    `${route}, syncs ${values['sync-ms']} ms, ${values.rate}/s: event loop held ${median(({ p50 }) => p50)} ms (median), ` +
      `${median(({ p99 }) => p99)} ms (99 %), ${median(({ max }) => max)} ms at most; ` +
      `${median(({ perSecond }) => perSecond)} messages/s, ${median(({ cpuUs }) => cpuUs)} us CPU, ` +
      `latency ${median(({ latencyMs }) => latencyMs)} ms (median)\n`,
  );
}
