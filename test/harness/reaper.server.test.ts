import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serverTest } from './server-test.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { waitFor } from './wait-for.ts';

const SCRIPT = `
  import { startNats } from ${JSON.stringify(join(import.meta.dirname, 'nats.ts'))};
  const nats = await startNats({ jetstream: false });
  const folder = /(\\S+)\\/nats\\.conf/.exec(nats.log())?.[1] ?? '';
  process.stdout.write(JSON.stringify({ port: nats.port, folder }));
  setInterval(() => {}, 1000);
`;

serverTest(
  'a test process that is killed leaves no server and no folder behind',
  { needs: ['nats-process'] },
  async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    await waitFor(() => said.endsWith('}'), 20_000, 'the child to have a server');
    const { port, folder } = JSON.parse(said) as { port: number; folder: string };
    assert.ok(existsSync(folder) && (await portOpen(port)));
    child.kill('SIGKILL');
    await waitFor(
      async () => !(await portOpen(port)) && !existsSync(folder),
      10_000,
      'the server and its folder to go',
    );
  },
);
