import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rabbitmq } from '../../../runtime/buses/rabbitmq/index.ts';
import type { RabbitConnection, RabbitFrom, RabbitTo } from '../../../runtime/buses/rabbitmq/options.ts';
import { parseNode } from '../../../runtime/buses/rabbitmq/client/target.ts';

const connection = (given: Partial<RabbitConnection> = {}): RabbitConnection => ({
  url: 'amqp://h',
  external: false,
  keepAlive: '10s',
  connectTimeout: '10s',
  create: false,
  ...given,
});
const from = (given: Partial<RabbitFrom>): { from: RabbitFrom } => ({ from: { shared: false, ...given } });
const to = (given: Partial<RabbitTo>): { to: RabbitTo } => ({ to: { persistent: true, timeout: '10s', ...given } });

const pathsOf = (of: Partial<RabbitConnection>, end: { from: RabbitFrom } | { to: RabbitTo }): string[] =>
  rabbitmq.flaws(connection(of), end).map(({ where, path }) => `${where} ${path.join('.')}`);

test('a url says host, port, virtual host and identity, each decoded', () => {
  const node = parseNode('amqp://us%40er:p%2Fw@[::1]/my%2Fvhost');
  assert.deepEqual(node && { ...node, shown: undefined }, {
    secure: false,
    host: '::1',
    port: 5672,
    vhost: 'my/vhost',
    encodedVhost: 'my%2Fvhost',
    username: 'us@er',
    password: 'p/w',
    shown: undefined,
  });
  assert.equal(parseNode('amqps://h')?.port, 5671);
  for (const url of ['amqp://h', 'amqp://h/', 'amqp://h/%2F']) assert.equal(parseNode(url)?.vhost, '/', url);
  for (const url of ['http://h', 'amqp://', 'nonsense', 'amqp://h/%zz']) assert.equal(parseNode(url), undefined, url);
});

test('what is shown of a url holds no credentials', () => {
  assert.doesNotMatch(parseNode('amqp://name:secret@h:1/v')?.shown ?? '', /name|secret/);
});

test('options that exclude one another are flaws, each where it stands', () => {
  const ok = from({ queue: 'q' });
  const pair = { cert: 'c', key: 'k' };
  assert.deepEqual(pathsOf({}, ok), []);
  assert.deepEqual(pathsOf({ url: 'amqp://h/%zz' }, ok), ['connection url']);
  assert.deepEqual(pathsOf({ url: ['amqp://h', 'amqp://h/%zz'] }, ok), ['connection url']);
  assert.deepEqual(pathsOf({ tls: { ca: 'x' } }, ok), ['connection tls']);
  assert.deepEqual(pathsOf({ url: 'amqps://h', tls: { cert: 'c' } }, ok), ['connection tls.key']);
  assert.deepEqual(pathsOf({ url: 'amqps://h', external: true }, ok), ['connection external']);
  assert.deepEqual(pathsOf({ url: 'amqps://u:p@h', external: true, tls: pair }, ok), ['connection external']);
  assert.deepEqual(pathsOf({ url: 'amqps://h', external: true, tls: pair }, ok), []);
  assert.deepEqual(pathsOf({ url: 'amqp://u:p@h', username: 'u', password: 'p' }, ok), ['connection username']);
  assert.deepEqual(pathsOf({ username: 'u' }, ok), ['connection username']);
  assert.deepEqual(pathsOf({ password: 'p' }, ok), ['connection password']);
});

test('a source names a queue or an exchange with what it takes of it', () => {
  const bind = [{ routingKey: 'a.#' }];
  const headers = [{ headers: { a: 1 }, match: 'all' }] as const;
  assert.deepEqual(pathsOf({}, from({})), ['end queue']);
  assert.deepEqual(pathsOf({}, from({ queue: 'q', bind })), ['end bind']);
  assert.deepEqual(pathsOf({}, from({ exchange: 'e' })), ['end bind']);
  assert.deepEqual(pathsOf({}, from({ exchange: 'e', exchangeType: 'fanout' })), []);
  assert.deepEqual(pathsOf({}, from({ exchange: 'e', bind })), []);
  assert.deepEqual(pathsOf({}, from({ exchange: 'e', exchangeType: 'headers', bind })), ['end bind.0']);
  assert.deepEqual(pathsOf({}, from({ exchange: 'e', exchangeType: 'topic', bind: headers })), ['end bind.0']);
  assert.deepEqual(pathsOf({}, from({ exchange: 'e', exchangeType: 'headers', bind: headers })), []);
  assert.deepEqual(pathsOf({}, from({ queue: 'q', start: 'next' })), ['end start']);
  const time = '2026-02-31T25:00:00Z';
  assert.deepEqual(pathsOf({}, from({ queue: 'q', type: 'stream', start: { time } })), ['end start.time']);
});

test('a sink names an exchange or a queue', () => {
  assert.deepEqual(pathsOf({}, to({})), ['end queue']);
  assert.deepEqual(pathsOf({}, to({ queue: 'q', exchange: 'e' })), ['end queue']);
  assert.deepEqual(pathsOf({}, to({ queue: 'q', routingKey: 'k' })), ['end routingKey']);
  assert.deepEqual(pathsOf({}, to({ queue: 'q', exchangeType: 'topic' })), ['end exchangeType']);
  assert.deepEqual(pathsOf({}, to({ exchange: 'e' })), []);
  assert.deepEqual(pathsOf({}, to({ queue: 'q-{key}' })), []);
});

test('no flaw echoes a url', () => {
  const found = rabbitmq.flaws(connection({ url: 'amqp://u:hidden@h/%zz', tls: { cert: 'hidden' } }), to({}));
  assert.doesNotMatch(JSON.stringify(found), /hidden/);
});

test('the guarantees follow the options', () => {
  const promisedBy = (given: Partial<RabbitFrom>) =>
    rabbitmq.sourceGuarantees({ connection: connection(), end: from(given).from });
  assert.equal(promisedBy({ queue: 'q' }).ordered, 'address');
  assert.equal(promisedBy({ queue: 'q', shared: true }).ordered, 'none');
  assert.equal(promisedBy({ queue: 'q', shared: true, type: 'stream' }).ordered, 'address');
  const confirmedBy = (persistent: boolean) =>
    rabbitmq.sinkGuarantees({ connection: connection(), end: to({ queue: 'q', persistent }).to }).confirms;
  assert.deepEqual([confirmedBy(true), confirmedBy(false)], ['stored', 'received']);
});

test('a routing key has no more than 255 bytes and is well-formed text', () => {
  const { grammar } = rabbitmq;
  assert.equal(grammar.flaw('a.b'), undefined);
  assert.equal(grammar.flaw('ü'.repeat(127)), undefined);
  assert.match(grammar.flaw('ü'.repeat(128)) ?? '', /255 bytes/);
  assert.match(grammar.flaw('\ud800') ?? '', /Unicode/);
  assert.equal(grammar.encode('a.b*#%\n'), 'a%2Eb%2A%23%25%0A');
});
