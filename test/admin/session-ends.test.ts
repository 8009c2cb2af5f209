import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieOf, sessionIn } from '../../runtime/admin/sessions.ts';
import { Visitors } from '../../runtime/admin/visitors.ts';
import { GuardedToken } from '../../runtime/admin/guarded-token.ts';

test('pipelines of one host name keep their sessions beside each other: a cookie has the port in its name', () => {
  const hosts = ['localhost:9464', '[::1]:9465', 'localhost', '[::1]'];
  for (const host of hosts) {
    const [own = ''] = cookieOf('mine', { host, isSecure: false }).split(';');
    const cookie = `sluice-admin-1=a; ${own}; sluice-admin-94640=b`;
    assert.equal(sessionIn({ cookie, host }), 'mine', host);
    assert.equal(sessionIn({ cookie, host: 'localhost:9' }), undefined);
  }
});

test('a session that has ended is that of nobody, also for a stream that goes on', () => {
  const visitors = new Visitors(new GuardedToken('a-token-of-twenty-chars'));
  const session = visitors.sessions.begin(0);
  const headers = { host: 'h:1', cookie: `sluice-admin-1=${session}` };
  assert.equal(visitors.visitor(headers, 1)?.by, 'session');
  visitors.sessions.end(session);
  assert.equal(visitors.visitor(headers, 1), undefined);
});
