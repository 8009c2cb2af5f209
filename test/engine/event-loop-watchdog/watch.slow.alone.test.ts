import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { patient } from '../../harness/patience.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';

interface Ended {
  readonly how: string;
  readonly line: Readonly<Record<string, unknown>> | undefined;
  readonly crashes: readonly unknown[];
  readonly ms: number;
}

/** Runs `stuck.ts`; `before` stands before its command line. */
async function run(does: string, before: readonly string[] = []): Promise<Ended> {
  using folder = temporaryFolder('stuck');
  const file = join(folder.path, 'crashes.sqlite');
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE crashes (route TEXT, name TEXT)');
  const [command, ...args] = [...before, process.execPath, join(import.meta.dirname, 'stuck.ts'), does, file];
  const startMs = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const how = await new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const crashes = database
    .prepare('SELECT route, name FROM crashes')
    .all()
    .map(({ route, name }) => [route, name]);
  database.close();
  const found = said.split('\n').find((line) => line.startsWith('{'));
  const line = found === undefined ? undefined : (JSON.parse(found) as Ended['line']);
  return { how, line, crashes, ms: performance.now() - startMs };
}

const IN_A_CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc'];
const canUnshare = spawnSync(IN_A_CONTAINER[0] ?? '', [...IN_A_CONTAINER.slice(1), 'true']).status === 0;

void describe('the thread that watches the event loop', { concurrency: 2 }, () => {
  for (const route of ['left', 'right']) {
    test(`ends a process that is stuck in a call, names route, stage and message, and notes the crash: ${route}`, async () => {
      const { how, line, crashes, ms } = await run(route);
      assert.equal(how, 'SIGKILL');
      const { time: _time, text, ...words } = line ?? {};
      assert.deepEqual(words, {
        level: 'error',
        event: 'stuck',
        pipeline: 'p',
        code: 'TRANSFORM_STUCK',
        route,
        stage: route === 'left' ? 'function f' : 'function g',
        delivery: 'gründe:7',
      });
      const [, stoodMs] = /stood still for (\d+) ms/.exec(String(text)) ?? [];
      assert.ok(Number(stoodMs) >= 1200 && Number(stoodMs) < patient(1700), String(text));
      assert.deepEqual(crashes, [[route, 'gründe:7']]);
      assert.ok(ms < patient(5000), `${ms} ms`);
    });
  }

  test('nobody is struck by half a name', async () => {
    const { how, line, crashes } = await run('long-id');
    assert.deepEqual([how, Buffer.byteLength(String(line?.['delivery'])), crashes], ['SIGKILL', 479, []]);
  });

  test('nobody is struck by a name that another run does not know', async () => {
    const { how, line, crashes } = await run('passing-id');
    assert.deepEqual([how, line?.['delivery'], crashes], ['SIGKILL', 'queue:1', []]);
  });

  test('a loop outside of every call ends the process too, and nobody bears it', async () => {
    const { how, line, crashes } = await run('nowhere');
    assert.deepEqual([how, line?.['event'], line?.['route'], crashes], ['SIGKILL', 'stuck', undefined, []]);
  });

  for (const does of ['many-calls', 'within-grace', 'slow-validate']) {
    test(`lets be what is slow within its limits: ${does}`, async () => {
      const { how, line } = await run(does);
      assert.deepEqual([how, line], ['exit code 0', undefined]);
    });
  }

  test(
    'ends even the first process of a container, which the kernel spares',
    { skip: canUnshare ? false : 'needs root and unshare' },
    async () => {
      const { how, line, ms } = await run('left', IN_A_CONTAINER);
      assert.deepEqual([how, line?.['event']], ['exit code 137', 'stuck']);
      assert.ok(ms < patient(5000), `${ms} ms`);
    },
  );
});
