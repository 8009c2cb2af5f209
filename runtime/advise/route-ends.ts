import type { BusName, Need } from './needs.ts';

/** Words of the ends of a route, as YAML, in the order of the file. */
type Words = readonly (readonly [word: string, value: string])[];

function quoted(text: string): string {
  return JSON.stringify(text);
}

function streamOf({ name }: Need): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/** The source of a route: each message has the address NAME and its key behind it. */
export function sourceWords(need: Need, bus: BusName): Words {
  const { name } = need;
  switch (bus) {
    case 'mqtt':
      return [
        ['topics', `[${quoted(`${name}/+`)}]`],
        ['qos', '1'],
        ['key', quoted('{topic.1}')],
      ];
    case 'nats':
      return [
        ['subjects', `[${quoted(`${name}.*`)}]`],
        ['key', quoted('{subject.1}')],
      ];
    case 'jetstream':
      return [
        ['stream', streamOf(need)],
        ['subjects', `[${quoted(`${name}.*`)}]`],
        ['key', quoted('{subject.1}')],
      ];
    case 'kafka':
      return [
        ['topics', `[${name}]`],
        ['key', quoted('{key}')],
      ];
    case 'rabbitmq':
      return [
        ['exchange', name],
        ['exchangeType', 'topic'],
        ['bind', `[{ routingKey: ${quoted(`${name}.*`)} }]`],
        ['key', quoted('{routingKey.1}')],
      ];
  }
}

export function sinkWords(need: Need, bus: BusName): Words {
  const { name } = need;
  switch (bus) {
    case 'mqtt':
      return [
        ['topic', quoted(`${name}/{key}`)],
        ['qos', '1'],
        ...(need.message === 'state' ? ([['retain', 'true']] as const) : []),
      ];
    case 'nats':
      return [['subject', quoted(`${name}.{key}`)]];
    case 'jetstream':
      return [
        ['stream', streamOf(need)],
        ['subject', quoted(`${name}.{key}`)],
      ];
    case 'kafka':
      return [['topic', name]];
    case 'rabbitmq':
      return [
        ['exchange', name],
        ['routingKey', quoted(`${name}.{key}`)],
        ['exchangeType', 'topic'],
        ...(need.keepMs > 0 ? ([['type', 'stream']] as const) : []),
      ];
  }
}

/** Ports that differ by place: one connection of each must not look like the server of another one. */
const PORTS: Readonly<Record<BusName, number>> = {
  mqtt: 1883,
  nats: 4222,
  jetstream: 4222,
  kafka: 9092,
  rabbitmq: 5672,
};
const SCHEMES: Readonly<Record<BusName, string>> = {
  mqtt: 'mqtt://',
  nats: 'nats://',
  jetstream: 'nats://',
  kafka: '',
  rabbitmq: 'amqp://',
};

/** Where a connection leads: an environment variable, and a default on this machine. `place` counts from 0. */
export function connectionWords(connection: string, bus: BusName, place: number): Words {
  const variable = connection.toUpperCase().replaceAll('-', '_');
  const address = `${SCHEMES[bus]}127.0.0.1:${PORTS[bus] + place * 10}`;
  if (bus === 'kafka') return [['brokers', `[${quoted(`env:${variable}_BROKER|${address}`)}]`]];
  return [['url', quoted(`env:${variable}_URL|${address}`)]];
}
