import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

const isLinux = process.platform === 'linux';
const skip = isLinux ? false : 'only Linux shows the arguments of a process in /proc';

/** What `ps` shows of a process. */
function listed(pid: number | undefined): string {
  return ['cmdline', 'comm'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')).join(' ');
}

async function silentServer(): Promise<AsyncDisposable & { readonly port: number; called(): boolean }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls += 1;
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    called: () => calls > 0,
    async [Symbol.asyncDispose]() {
      server.close();
      server.unref();
    },
  };
}

test('a password in a URL of verify is not in the list of processes once it connects', { skip }, async () => {
  await using server = await silentServer();
  const url = `mqtt://bridge:s3cret-0ne@127.0.0.1:${server.port}/a`;
  await using verify = startSluice(['verify', '--in', url, '--out', url]);
  await verify.until(() => server.called(), 'a connection');
  assert.match(listed(verify.child.pid), /sluice verify/);
  assert.doesNotMatch(listed(verify.child.pid), /s3cret/);
});

test('what a running bridge takes by reference is not in the list of processes', { skip }, async () => {
  await using server = await silentServer();
  using project = newProject({
    secret: 's3cret-0ne',
    'pipelines/p.yaml': {
      name: 'p',
      buses: {
        field: { bus: 'mqtt', url: `mqtt://127.0.0.1:${server.port}`, username: 'env:NAME', password: 'file:secret' },
      },
      routes: [{ name: 'r', from: { bus: 'field', topics: ['a'] }, to: { bus: 'field', topic: 'b' } }],
    },
  });
  await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder, env: { NAME: 's3cret-tw0' } });
  await bridge.until(() => server.called(), 'a connection');
  assert.doesNotMatch(listed(bridge.child.pid), /s3cret/);
});
