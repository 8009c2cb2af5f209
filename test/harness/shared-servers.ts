import { startKafka } from './kafka.ts';
import { SERVER_VARIABLES } from './server-test.ts';
import { startNats } from './nats.ts';
import { startRabbitMq } from './rabbitmq.ts';
import type { RabbitMqFacts } from './rabbitmq-door.ts';

/** What test files know of each server that they share: plain values, for they are other processes. */
export interface SharedServers {
  /** `accounts`: so many, numbered; 0 where somebody else runs the server. */
  readonly nats: { readonly url: string; readonly accounts: number };
  readonly kafka: { readonly port: number; readonly dataFolder: string };
  readonly rabbitmq: RabbitMqFacts;
}

export type ServerKind = keyof SharedServers;

/** A server that runs until the handle goes. */
export interface Shared<K extends ServerKind> extends AsyncDisposable {
  readonly facts: SharedServers[K];
}

/** Many more than there are tests that share; each costs some 50 kB. */
const ACCOUNTS = 400;
const PASSWORD = 'test';

const account = (number: number): string => `test${number}`;

/** The URL of an account of the shared nats-server; the client takes no identity from a URL, see `natsTo`. */
export function natsUrl(url: string, number: number): string {
  const place = new URL(url);
  place.username = account(number);
  place.password = PASSWORD;
  return place.href;
}

async function startNatsForAll(): Promise<Shared<'nats'>> {
  const users = Array.from({ length: ACCOUNTS }, (_, number) => account(number)).map(
    (name) => `${name} { jetstream: enabled, users: [{ user: ${name}, password: ${PASSWORD} }] }`,
  );
  const foreign = process.env[SERVER_VARIABLES.nats] !== undefined;
  const server = await startNats(foreign ? {} : { config: `accounts {\n${users.join('\n')}\n}` });
  return {
    facts: { url: server.url, accounts: foreign ? 0 : ACCOUNTS },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startKafkaForAll(): Promise<Shared<'kafka'>> {
  const { port, dataFolder, ...server } = await startKafka();
  return { facts: { port, dataFolder }, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function startRabbitMqForAll(): Promise<Shared<'rabbitmq'>> {
  const { facts, ...server } = await startRabbitMq({ management: true });
  return { facts, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const STARTS: { readonly [K in ServerKind]: () => Promise<Shared<K>> } = {
  nats: startNatsForAll,
  kafka: startKafkaForAll,
  rabbitmq: startRabbitMqForAll,
};

export const SERVER_KINDS = Object.keys(STARTS) as readonly ServerKind[];

/** Starts the server that the files of a run share. */
export function startShared<K extends ServerKind>(kind: K): Promise<Shared<K>> {
  return STARTS[kind]();
}
