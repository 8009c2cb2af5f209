import type { EndOptions } from '#contract/bus.ts';
import { type Reach, serverName } from '#contract/reach.ts';
import { type AddressPattern, LEVELS, patternOf } from '#kit/address-pattern.ts';
import type { Binding, ExchangeType, RabbitConnection, RabbitFrom, RabbitTo } from './options.ts';
import { routingKeys } from './routing-key.ts';
import { parseNode, urlsOf } from './client/target.ts';

type Place = Readonly<Record<'pipeline' | 'route', string>>;

/** The queue that a source reads. With an exchange alone the route has its own queue. */
export function queueOf({ queue }: RabbitFrom, { pipeline, route }: Place): string {
  return queue ?? `${pipeline}.${route}`;
}

export function servers(connection: RabbitConnection): readonly string[] {
  return urlsOf(connection).flatMap((url) => {
    const node = parseNode(url);
    if (node === undefined) return [];
    const host = node.host.includes(':') ? `[${node.host}]` : node.host;
    return [serverName('rabbitmq', host, node.port)];
  });
}

const queues = (connection: RabbitConnection): string => `queues of ${vhostOf(connection)}`;
const exchangeIn = (connection: RabbitConnection, name: string): string => `exchange ${name} of ${vhostOf(connection)}`;

export function vhostOf(connection: RabbitConnection): string {
  const [url = ''] = urlsOf(connection);
  return parseNode(url)?.vhost ?? '';
}

export function writes({ connection, end }: EndOptions<RabbitConnection, RabbitTo>): readonly string[] {
  return [end.exchange === undefined ? queues(connection) : exchangeIn(connection, end.exchange)];
}

export function reads({ connection, end }: EndOptions<RabbitConnection, RabbitFrom>, place: Place): readonly Reach[] {
  const { exchange, exchangeType, bind } = end;
  const byName: Reach = {
    spaces: [queues(connection)],
    filter: queueOf(end, place).split(routingKeys.separator),
    // Messages from an exchange may have any routing key.
    addresses: [LEVELS],
    path: [end.queue === undefined ? 'exchange' : 'queue'],
  };
  if (exchange === undefined) return [byName];
  const spaces = [exchangeIn(connection, exchange)];
  if (bind === undefined) return [byName, { spaces, filter: [LEVELS], path: ['exchange'] }];
  const bound = bind.map((binding, at) => ({
    spaces,
    filter: bindingPattern(binding, exchangeType),
    // Headers decide, or an exchange type that the file does not state.
    isGuess: 'headers' in binding || exchangeType === undefined,
    path: ['bind', String(at)],
  }));
  return [byName, ...bound];
}

function bindingPattern(binding: Binding, type: ExchangeType | undefined): AddressPattern {
  if (type === 'fanout' || 'headers' in binding) return [LEVELS];
  const { routingKey } = binding;
  if (type === 'direct') return routingKey.split(routingKeys.separator);
  return patternOf(routingKey, { separator: routingKeys.separator, one: '*', levels: '#' });
}
