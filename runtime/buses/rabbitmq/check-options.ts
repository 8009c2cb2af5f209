import type { OptionFlaw } from '#contract/bus.ts';
import { startTimeFlaws } from '../support/start-time.ts';
import type { Binding, RabbitConnection, RabbitFrom, RabbitTo } from './options.ts';
import { parseNode, urlsOf } from './client/target.ts';

/** Reports one flaw: its place, the expected and the found value, and the value to write. */
type Tell = (path: readonly string[], expected: string, found: string, write: string) => void;

/** The flaws that a schema cannot find. Never contains a url, which may hold a password. */
export function flaws(
  connection: RabbitConnection,
  end: { from: RabbitFrom } | { to: RabbitTo },
): readonly OptionFlaw[] {
  const found: OptionFlaw[] = [];
  const tell =
    (where: OptionFlaw['where']): Tell =>
    (path, expected, seen, write) => {
      found.push({ where, path, expected, found: seen, write });
    };
  judgeConnection(connection, tell('connection'));
  if ('from' in end) {
    judgeSource(end.from, tell('end'));
    found.push(...startTimeFlaws(end.from.start));
  } else judgeSink(end.to, tell('end'));
  return found;
}

function judgeConnection(connection: RabbitConnection, flaw: Tell): void {
  const nodes = urlsOf(connection).map(parseNode);
  if (nodes.includes(undefined)) {
    flaw(['url'], 'amqp://HOST:PORT/VHOST', 'no such address', 'url: amqp://HOST:5672/VHOST');
    return;
  }
  const secure = nodes.every((node) => node?.secure === true);
  const named = nodes.some((node) => node?.username !== undefined || node?.password !== undefined);
  const { tls, external, username, password } = connection;
  if (tls !== undefined && !secure) {
    flaw(['tls'], 'tls only with amqps://', 'a url with amqp://, which is sent in clear', 'url: amqps://HOST:5671');
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    const missing = tls?.cert === undefined ? 'cert' : 'key';
    flaw(['tls', missing], 'cert and key together', `no ${missing}`, `tls: { ${missing}: "file:client.${missing}" }`);
  }
  if (external && tls?.cert === undefined) {
    flaw(['external'], 'tls.cert and tls.key beside external: they say who we are', 'none', 'tls: { cert: file:PATH }');
  }
  if (named && (username !== undefined || password !== undefined)) {
    flaw([username === undefined ? 'password' : 'username'], 'one identity', 'one in url and another', 'one of them');
  } else if (external && (named || username !== undefined || password !== undefined)) {
    flaw(['external'], 'one identity', 'external and a user name or password', 'external: false, or no user name');
  } else if ((username === undefined) !== (password === undefined)) {
    const [given, lacking] = username === undefined ? ['password', 'username'] : ['username', 'password'];
    flaw([given], 'username and password together', `${given} alone`, `${lacking}: env:NAME`);
  }
}

function judgeSource(from: RabbitFrom, flaw: Tell): void {
  const { queue, exchange, exchangeType, bind, type, start } = from;
  if (queue === undefined && exchange === undefined) {
    flaw(['queue'], 'queue or exchange: where the messages come from', 'none', 'queue: NAME');
    return;
  }
  if (exchange === undefined) {
    const given = bind === undefined ? 'exchangeType' : 'bind';
    if (bind !== undefined || exchangeType !== undefined)
      flaw([given], `exchange beside ${given}`, 'none', 'exchange: NAME');
  } else if (bind === undefined && exchangeType !== 'fanout') {
    flaw(['bind'], 'what of the exchange comes to the queue', 'nothing', 'bind: [{ routingKey: "orders.#" }]');
  }
  const wanted = exchangeType === 'headers' ? 'headers' : 'routingKey';
  for (const [index, binding] of (bind ?? []).entries()) {
    if (exchangeType === undefined || kindOf(binding) === wanted) continue;
    flaw(['bind', String(index)], `${wanted} for a ${exchangeType} exchange`, kindOf(binding), `${wanted}: ...`);
  }
  if (start !== undefined && type !== 'stream') {
    flaw(['start'], 'start only for streams: a queue has no places', `type: ${type ?? 'none'}`, 'type: stream');
  }
}

const kindOf = (binding: Binding): 'routingKey' | 'headers' => ('headers' in binding ? 'headers' : 'routingKey');

function judgeSink({ exchange, routingKey, queue, exchangeType }: RabbitTo, flaw: Tell): void {
  if (exchange === undefined && queue === undefined) {
    flaw(['queue'], 'exchange or queue: where the messages go', 'none', 'queue: NAME');
    return;
  }
  if (exchange !== undefined && queue !== undefined) {
    flaw(['queue'], 'exchange or queue', 'both', 'one of them');
    return;
  }
  if (exchange !== undefined) return;
  for (const [name, value] of Object.entries({ routingKey, exchangeType })) {
    if (value !== undefined) flaw([name], `exchange beside ${name}`, 'none', 'exchange: NAME');
  }
}
