import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SluiceError } from '#contract/errors.ts';
import { statusClient } from '../../runtime/cli/status-client.ts';
import { statusLines } from '../../runtime/cli/status-text.ts';
import type { Status } from '../../runtime/admin/status/status.ts';
import { openPort } from '../admin/port-for-test.ts';
import { statusForTest } from '../admin/status-for-test.ts';
import { freePorts } from '../harness/free-ports.ts';
import { MAIN, startSluice } from '../harness/sluice-process.ts';
import { openTerminal } from '../host/terminal.ts';
import { waitFor } from '../harness/wait-for.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { Health } from '../../runtime/telemetry/health.ts';

const TOKEN = 'a-token-of-twenty-chars';

function readyHealth(): Health {
  const health = new Health();
  health.set('r source', true);
  return health;
}

test('status says in one screen what is up, what is not, since when, and what to do', () => {
  const status: Status = statusForTest();
  const text = statusLines(status).join('\n');
  assert.match(text, /^fleet: down, not ready, as of 2026-11-28 12:00:00 UTC$/m);
  assert.match(text, /^positions +down +telemetry +43\/s +42\/s +12\/3\.0 s +2\.0 ms +40 ms +5\/64 +7 +3$/m);
  assert.match(text, /positions sink: BUS_AUTH wrong password\n {4}since 2026-11-28 11:59:48 UTC, for 12 s\n {4}Give/);
  assert.match(text, /SCHEMA_INVALID positions, 3 times: expected a body/);
  assert.ok(!text.includes('\u202E') && !text.includes('\u001B'), 'names of strangers turn no text and move no cursor');
});

test('status ends with 0 where all is well, with 1 where something is not, and with 3 where nobody answers', async () => {
  const well = await openPort({ health: readyHealth() });
  const health = readyHealth();
  health.set('guard g audit', false, 'no room');
  const down = await openPort({ health });
  const [nowhere = 0] = await freePorts(1);
  try {
    for (const [url, code, said] of [
      [well.url, 0, /^p: ok, ready/],
      [down.url, 1, /^p: down, not ready[^]*guard g audit: no room/],
      [`127.0.0.1:${nowhere}`, 3, /^sluice: ADMIN_UNREACHABLE {2}expected the status .*ECONNREFUSED/],
      ['', 2, /expected the URL of an admin port/],
    ] as const) {
      await using process = startSluice(['status', ...(url === '' ? [] : [url])]);
      assert.equal(await process.ended(), code, url);
      assert.match(process.stdout() + process.stderr(), said);
    }
  } finally {
    await Promise.all([well.close(), down.close()]);
  }
});

test('status gives the token of a file, and never as an argument', async () => {
  using folder = temporaryFolder('token');
  const file = join(folder.path, 'token');
  writeFileSync(file, `${TOKEN}\n`);
  const admin = await openPort({ health: readyHealth(), environment: { SLUICE_ADMIN_TOKEN: TOKEN } });
  try {
    await using without = startSluice(['status', admin.url]);
    assert.equal(await without.ended(), 3);
    assert.match(without.stderr(), /ADMIN_TOKEN .*needs its token/);
    await using process = startSluice(['status', admin.url, '--admin-token-file', file, '--json']);
    assert.equal(await process.ended(), 0, process.stderr());
    assert.equal((JSON.parse(process.stdout()) as Status).version, 1);
  } finally {
    await admin.close();
  }
});

test('what another server answers is no status: it is refused in one line, whatever it is and however long', async () => {
  const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
    shallow: (response) => response.end('{"version":1,"routes":[{}],"errors":[]}'),
    later: (response) => response.end('{"version":2}'),
    endless(response) {
      const more = (): void => {
        while (response.write(Buffer.alloc(1 << 20, 32)));
        response.once('drain', more);
      };
      more();
    },
  };
  let current = '';
  const server = createServer((_, response) => answers[current]?.(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    for (const [name, found] of [
      ['shallow', /found an answer 200 that is none/],
      ['later', /found an answer 200 that is none/],
      ['endless', /found an answer of more than 16777216 bytes/],
    ] as const) {
      current = name;
      const ask = statusClient({ positionals: [`127.0.0.1:${port}`], values: {} });
      await assert.rejects(ask(), (thrown: unknown) => {
        assert.ok(thrown instanceof SluiceError && thrown.code === 'ADMIN_UNREACHABLE');
        assert.match(thrown.message, found);
        return true;
      });
    }
    const withSecret = { positionals: ['http://me:secret@localhost:1'], values: {} };
    assert.throws(() => statusClient(withSecret), /without user and password/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('top --json prints a line a second, goes on over an outage, and ends at SIGINT with 0', async () => {
  const health = readyHealth();
  const admin = await openPort({ health });
  const { port } = new URL(admin.url);
  await using process = startSluice(['top', admin.url, '--json']);
  const lines = () => process.stdout().trim().split('\n');
  await process.until(() => lines().length >= 2, 'two lines');
  await admin.close();
  await process.until(() => lines().at(-1)?.includes('ADMIN_UNREACHABLE') === true, 'the outage');
  const again = await openPort({ health, choice: { host: '127.0.0.1', port: Number(port) } });
  await process.until(() => lines().at(-1)?.includes('"version":1') === true, 'the pipeline again');
  process.signal('SIGINT');
  assert.equal(await process.ended(), 0, process.stderr());
  await again.close();
});

test('in a terminal top draws the screen again and again, and Ctrl-C gives the terminal back', async (t) => {
  const admin = await openPort({ health: readyHealth() });
  try {
    await using terminal = openTerminal(t, [MAIN, 'top', admin.url], process.cwd());
    if (terminal === undefined) return;
    await waitFor(() => terminal.shown().split('q ends').length > 3, 20_000, 'three screens');
    assert.match(terminal.shown(), /p: ok, ready[^]*ROUTE +STATE/);
    terminal.interrupt();
    assert.equal(await terminal.ended(10_000), 0);
  } finally {
    await admin.close();
  }
});
