import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { test } from 'node:test';
import { serveAdmin } from '../../runtime/admin/server.ts';
import type { PipelineOutline } from '../../runtime/admin/status/pipeline-outline.ts';
import { openLetterFile } from '../../runtime/store/dead-letters/layout.ts';
import { Health } from '../../runtime/telemetry/health.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { openPort } from './port-for-test.ts';

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

/** A connection with what it was sent. */
function reading(url: string): { socket: ReturnType<typeof connect>; text: () => string; isClosed: () => boolean } {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  let text = '';
  let isClosed = false;
  socket.on('error', () => {}).on('close', () => (isClosed = true));
  socket.on('data', (part: Buffer) => (text += part.toString()));
  return { socket, text: () => text, isClosed: () => isClosed };
}

test('who sends requests without waiting for the answers is ended, and few answers are made', async () => {
  let made = 0;
  let begun = 0;
  const page = { get: () => ({ status: 200, type: 'text/plain', body: `${(made += 1)}` }) };
  const stream = {
    get: () => ({
      begin() {
        begun += 1;
        return () => (begun -= 1);
      },
    }),
  };
  const resources = new Map<string, object>([
    ['/page', page],
    ['/stream', stream],
  ]);
  const admin = await serveAdmin({ host: '127.0.0.1', port: 0, resources });
  try {
    for (const path of ['/page', '/stream']) {
      const { socket, isClosed } = reading(admin.url);
      socket.write(GET(path).repeat(1000));
      await waitFor(isClosed, 10_000, 'the end of the connection');
    }
    assert.ok(made <= 4, `${made} pages`);
    await waitFor(() => begun === 0, 10_000, 'the end of each stream');
    const two = reading(admin.url);
    two.socket.write(GET('/page') + GET('/page'));
    await waitFor(() => two.text().split('HTTP/1.1 200').length === 3, 10_000, 'two answers');
    two.socket.write(GET('/stream') + GET('/stream'));
    await waitFor(two.isClosed, 10_000, 'the end: no stream waits behind another one');
  } finally {
    await admin.close();
  }
});

test('the first event may be as long as the page of five hundred routes: the stream goes on', async () => {
  const end = { connection: 'hub', bus: 'nats', address: 'a.b.c' };
  const outline: PipelineOutline = {
    name: 'p',
    routes: Array.from({ length: 500 }, (_, at) => ({
      name: `r${at}`,
      class: 'telemetry',
      source: end,
      stages: [],
      sinks: [end],
      expiresMs: undefined,
    })),
  };
  const admin = await openPort({ outline });
  try {
    const { socket, text, isClosed } = reading(admin.url);
    socket.write(GET('/events'));
    await waitFor(() => isClosed() || text().split('"id":"stamp"').length > 2, 30_000, 'the second event');
    assert.ok(!isClosed() && text().includes('"id":"r499-head"'));
  } finally {
    await admin.close();
  }
});

test('a letter store that cannot be read any more ends no process: the page of a replay says so', async () => {
  using folder = temporaryFolder('letters');
  const file = join(folder.path, 'dead-letters.sqlite');
  openLetterFile(file, 1000).close();
  const admin = await openPort({ stateFolder: folder.path });
  try {
    const { socket, text } = reading(admin.url);
    socket.write(GET('/events?name=x'));
    await waitFor(() => text().includes('went through'), 10_000, 'the replay');
    for (const one of ['-wal', '-shm']) rmSync(file + one, { force: true });
    writeFileSync(file, 'x'.repeat(10_000));
    await waitFor(() => text().includes('STATE_'), 10_000, 'its trouble');
    assert.equal((await fetch(`${admin.url}/livez`)).status, 200);
  } finally {
    await admin.close();
  }
});

test('a stream that cannot go on ends and is reported, and the others go on', async () => {
  const faults: string[] = [];
  const begin = (_: unknown, { fail }: { fail: (thrown: unknown) => void }): (() => void) => {
    setImmediate(fail, new Error('no more'));
    return () => {};
  };
  const admin = await serveAdmin({
    host: '127.0.0.1',
    port: 0,
    resources: new Map([['/broken', { get: () => ({ begin }) }]]),
    onFault: (path, text) => faults.push(`${path} ${text}`),
  });
  try {
    const { socket, isClosed } = reading(admin.url);
    socket.write(GET('/broken'));
    await waitFor(isClosed, 10_000, 'its end');
    assert.deepEqual(faults, ['/broken no more']);
  } finally {
    await admin.close();
  }
});

test('names of no part make the answer of a probe longer once, however many a stranger sends', async () => {
  const health = new Health();
  for (let at = 0; at < 1000; at += 1) health.set(`route-${at} source`, true);
  const { text } = health.readiness(new Set(Array.from({ length: 1000 }, (_, at) => `x${at}`)), false);
  assert.ok(text.length < 25_000, `${text.length} characters`);
  assert.match(
    text,
    /exclude=x0 names no part\. There are: route-0 source,.*\n.*exclude=x1 names no part\n[^]*992 more/,
  );
});

test('what a link says was discarded is a number or is not shown', async () => {
  using folder = temporaryFolder('letters');
  openLetterFile(join(folder.path, 'dead-letters.sqlite'), 1000).close();
  const admin = await openPort({ stateFolder: folder.path });
  const said = async (query: string) => (await fetch(`${admin.url}/letters?discarded=${query}`)).text();
  try {
    assert.match(await said('12'), /12 letters are discarded/);
    assert.doesNotMatch(await said('Your%20disk%20is%20full.%20Call%200'), /disk is full|are discarded/);
  } finally {
    await admin.close();
  }
});
