import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GuardedToken } from '../../runtime/admin/guarded-token.ts';
import { serveAdmin } from '../../runtime/admin/server.ts';
import { NamedHosts } from '../../runtime/admin/named-hosts.ts';
import { sessionIn, Sessions } from '../../runtime/admin/sessions.ts';
import { Health } from '../../runtime/telemetry/health.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { openPort } from './port-for-test.ts';

const TOKEN = 'a-token-of-twenty-chars';
const WITH_TOKEN = { environment: { SLUICE_ADMIN_TOKEN: TOKEN } };

/** Sends the bytes as they are and returns the whole answer. */
async function raw(url: string, request: string): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.end(request);
  return text(socket).catch(() => '');
}

test('another host than this machine needs a token; with one it listens there', async () => {
  const choice = { host: '0.0.0.0', port: 0 };
  await assert.rejects(openPort({ choice }), {
    code: 'ADMIN_TOKEN',
    message: /expected a token for --admin 0\.0\.0\.0:0, which other machines can reach, found none/,
    remedy: /--admin-token-file/,
  });
  const admin = await openPort({ choice, ...WITH_TOKEN });
  await admin.close();
});

test('a token that is short, has blanks, or is not there is refused without being told', async () => {
  using folder = temporaryFolder('token');
  const file = join(folder.path, 'token');
  writeFileSync(file, 'two words of a token\n');
  for (const settings of [
    { environment: { SLUICE_ADMIN_TOKEN: 'short' } },
    { environment: {}, choice: { host: '127.0.0.1', port: 0, tokenFile: file } },
    { environment: {}, choice: { host: '127.0.0.1', port: 0, tokenFile: join(folder.path, 'none') } },
  ]) {
    await assert.rejects(openPort(settings), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ADMIN_TOKEN');
      assert.doesNotMatch(error.message, /short|two words/);
      return true;
    });
  }
});

test('with a token probes are open, and everything else needs it', async () => {
  const admin = await openPort(WITH_TOKEN);
  const status = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(admin.url + path, { headers, redirect: 'manual' });
    await response.body?.cancel();
    return response.status;
  };
  try {
    assert.deepEqual(
      await Promise.all(['/livez', '/readyz', '/startupz', '/login'].map((path) => status(path))),
      [200, 503, 503, 200],
    );
    for (const path of ['/metrics', '/nothing']) {
      assert.equal(await status(path), 401, path);
      assert.equal(await status(path, { authorization: 'Bearer wrong' }), 401, path);
      assert.equal(await status(path, { authorization: `Basic ${TOKEN}` }), 401, path);
      assert.equal(await status(path, { accept: 'text/html' }), 303, 'a browser is led to the form');
    }
    assert.equal(await status('/metrics', { authorization: `Bearer ${TOKEN}` }), 200);
  } finally {
    await admin.close();
  }
});

test('a probe without the token is told which part is not up, and not why', async () => {
  const health = new Health();
  health.set('r sink', false, 'BUS_AUTH mqtt://core.internal: wrong password of the user bridge', 'Change it.');
  const admin = await openPort({ ...WITH_TOKEN, health });
  const said = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(admin.url + path, { headers })).text();
  try {
    for (const path of ['/readyz', '/readyz?verbose', '/startupz', '/readyz?exclude=r%20sink&verbose']) {
      const answer = await said(path);
      assert.ok(answer.includes('r sink') && !/core|bridge|Change/.test(answer), answer);
    }
    assert.match(await said('/readyz', { authorization: `Bearer ${TOKEN}` }), /wrong password[^]*Change it/);
  } finally {
    await admin.close();
  }
});

test('a browser gives the token once, and gets a session that its scripts cannot read', async () => {
  const admin = await openPort(WITH_TOKEN);
  const login = (token: string, headers = {}) =>
    fetch(`${admin.url}/login`, { method: 'POST', body: new URLSearchParams({ token }), redirect: 'manual', headers });
  try {
    assert.equal((await login('wrong')).status, 403);
    assert.equal((await login(TOKEN, { origin: 'http://evil.example' })).status, 403, 'from a page of another origin');
    const right = await login(TOKEN);
    assert.equal(right.status, 303);
    const cookie = right.headers.get('set-cookie') ?? '';
    assert.match(cookie, /; HttpOnly; SameSite=Strict$/);
    assert.ok(!cookie.includes(TOKEN));
    const [pair = ''] = cookie.split(';');
    assert.equal((await fetch(`${admin.url}/metrics`, { headers: { cookie: pair } })).status, 200);
    const twice = { cookie: `${pair}; ${pair}` };
    assert.equal(
      (await fetch(`${admin.url}/metrics`, { headers: twice })).status,
      401,
      'which of two is meant is unknown',
    );
  } finally {
    await admin.close();
  }
});

test('a session ends after twelve hours, and the oldest of too many', () => {
  const sessions = new Sessions();
  const first = sessions.begin(0);
  assert.ok(sessions.has(first, 43_199_999));
  assert.ok(!sessions.has(first, 43_200_000));
  for (let count = 0; count < 64; count += 1) sessions.begin(1);
  assert.ok(!sessions.has(first, 2));
  assert.equal(sessionIn({ cookie: 'x=1; sluice-admin=s' }), 's');
});

test('names that lead here by the will of a stranger are refused; addresses and own names are not', () => {
  const hosts = new NamedHosts('bridge.internal', ['proxy.example']);
  for (const one of [
    'localhost:9464',
    '127.0.0.1',
    '10.0.0.7:9464',
    '[::1]:9464',
    'Bridge.Internal:80',
    'proxy.example',
    'proxy.example.:443',
  ]) {
    assert.ok(hosts.allows(one), one);
  }
  for (const one of [
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'user@localhost',
    'localhost:1:2',
    '[evil]',
    '127.1',
    'localhost/..',
  ]) {
    assert.ok(!hosts.allows(one), String(one));
  }
});

test('a form comes from a page of the port itself, or of the proxy that is named', () => {
  const hosts = new NamedHosts('127.0.0.1', ['proxy.example']);
  const host = '127.0.0.1:9464';
  for (const origin of [undefined, 'http://127.0.0.1:9464', 'https://proxy.example', 'https://proxy.example:8443']) {
    assert.ok(hosts.isSameOrigin({ host, ...(origin !== undefined && { origin }) }), origin);
  }
  for (const origin of ['null', 'http://127.0.0.1:3000', 'http://localhost:9464', 'https://evil.example', 'x']) {
    assert.ok(!hosts.isSameOrigin({ host, origin }), origin);
  }
  assert.ok(!hosts.isSameOrigin({ host, 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:9464' }));
});

test('a request under a foreign host name gets nothing, whatever it asks', async () => {
  const admin = await openPort({});
  try {
    const answer = await raw(admin.url, 'GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 421 /);
  } finally {
    await admin.close();
  }
});

test('only the methods of a page are answered, and every answer forbids what a page does not need', async () => {
  const admin = await openPort({});
  try {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH']) {
      const answer = await raw(admin.url, `${method} /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 405 [^]*\r\nallow: GET, HEAD\r\n/, method);
    }
    const { headers } = await fetch(`${admin.url}/livez`);
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'; .*frame-ancestors 'none'/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'same-origin');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('access-control-allow-origin'), null);
    const head = await raw(admin.url, 'HEAD /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    assert.ok(head.startsWith('HTTP/1.1 200 ') && head.endsWith('\r\n\r\n'));
  } finally {
    await admin.close();
  }
});

test('a long request line, long headers and a long body are refused', async () => {
  const admin = await openPort(WITH_TOKEN);
  try {
    const long = 'x'.repeat(9000);
    const end = 'host: localhost\r\nconnection: close\r\n';
    assert.match(await raw(admin.url, `GET /${long} HTTP/1.1\r\n${end}\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await raw(admin.url, `GET / HTTP/1.1\r\nx: ${long}\r\n${end}\r\n`), /^HTTP\/1\.1 431 /);
    const form = 'content-type: application/x-www-form-urlencoded';
    const body = `${form}\r\ncontent-length: ${long.length}\r\n${end}\r\n${long}`;
    assert.match(await raw(admin.url, `POST /login HTTP/1.1\r\n${body}`), /^HTTP\/1\.1 413 /);
    const json = 'content-type: application/json\r\ncontent-length: 2\r\n';
    assert.match(await raw(admin.url, `POST /login HTTP/1.1\r\n${json}${end}\r\n{}`), /^HTTP\/1\.1 415 /);
  } finally {
    await admin.close();
  }
});

test('connections without end keep nobody from an answer: the oldest one gives way', async () => {
  const admin = await openPort({});
  const port = Number(new URL(admin.url).port);
  let ended = 0;
  const held = Array.from({ length: 100 }, () => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write('GET /livez HTTP/1.1\r\nhost: loc');
    socket.on('error', () => {}).on('close', () => (ended += 1));
    return socket;
  });
  try {
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    assert.equal((await fetch(`${admin.url}/livez`)).status, 200);
    assert.ok(ended >= 36, `${ended} of 100 have ended`);
  } finally {
    for (const socket of held) socket.destroy();
    await admin.close();
  }
});

test('a token is compared by its digest, of whatever length it is', () => {
  const token = new GuardedToken(TOKEN);
  assert.ok(token.isRight(TOKEN));
  for (const wrong of ['', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase(), 'x'.repeat(100_000)]) {
    assert.ok(!token.isRight(wrong));
  }
});

test('of more than sixteen streams the oldest one ends', async () => {
  const admin = await openPort({});
  const { url } = admin;
  const port = Number(new URL(url).port);
  const closed: number[] = [];
  const sockets = Array.from({ length: 17 }, (_, at) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {}).on('close', () => closed.push(at));
    socket.resume();
    return socket;
  });
  for (const socket of sockets) {
    await new Promise<void>((resolve) => {
      socket.once('data', () => resolve());
      socket.write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n');
    });
  }
  await new Promise<void>((resolve) => {
    if (closed.length > 0) resolve();
    else sockets[0]?.once('close', () => resolve());
  });
  assert.deepEqual(closed, [0]);
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  for (const socket of sockets) socket.destroy();
  await admin.close();
});

test('a reader of a stream that does not read is ended once it is half a megabyte behind', async () => {
  const ended = Promise.withResolvers<void>();
  let told = 0;
  const begin = (send: (text: string) => void): (() => void) => {
    const timer = setInterval(() => send(`data: ${'x'.repeat((told += 1) && 100_000)}\n\n`), 1);
    return () => {
      clearInterval(timer);
      ended.resolve();
    };
  };
  const resources = new Map([['/flood', { get: () => ({ begin }) }]]);
  const admin = await serveAdmin({ host: '127.0.0.1', port: 0, resources });
  const socket = connect({ port: Number(new URL(admin.url).port), host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.pause();
  socket.write('GET /flood HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await ended.promise;
  assert.ok(told < 500, `${told} parts of 100 kB`);
  socket.destroy();
  await admin.close();
});
