import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KafkaDoor, kafkaDoor } from './kafka-door.ts';
import type { FileEvent } from '../runner/file-event.ts';
import { RUN_VARIABLE } from './run-variable.ts';
import { type RabbitMqDoor, rabbitMqDoor } from './rabbitmq-door.ts';
import { natsUrl, type SharedServers, type ServerKind, startShared } from './shared-servers.ts';
import { waitFor } from './wait-for.ts';

// The servers of a test run, which test files share: one of each kind, started by the runner. A file that is run by hand
// starts what it needs for itself. Whoever takes one gets a place of its own on it (an account, a virtual host, names),
// and does nothing to the server: who kills, pauses, fills or configures one starts its own. Each test starts a mosquitto
// of its own, which takes 20 ms: version 2.0.11 delivers topics with the mount point that was to hide it
// (eclipse-mosquitto/mosquitto#2244), and nothing else keeps two tests on one server apart.

const START_MS = 120_000;

/** A place on a server of the run. Ends with the run, not with the handle: the handle is there for `await using`. */
export interface Place extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

const started = new Map<ServerKind, Promise<unknown>>();

/** What the run says of its server of that kind. */
async function facts<K extends ServerKind>(kind: K): Promise<SharedServers[K]> {
  const run = process.env[RUN_VARIABLE];
  const known = started.get(kind) as Promise<SharedServers[K]> | undefined;
  if (known !== undefined) return known;
  const finding = run === undefined ? startShared(kind).then(({ facts: own }) => own) : published(run, kind);
  started.set(kind, finding);
  return finding;
}

async function published<K extends ServerKind>(run: string, kind: K): Promise<SharedServers[K]> {
  const file = join(run, `${kind}.json`);
  process.send?.({ kind: 'wants', server: kind } satisfies FileEvent);
  const text = await waitFor(() => readFileSync(file, 'utf8'), START_MS, `the run's ${kind}`);
  const said = JSON.parse(text) as SharedServers[K] | { readonly error: string };
  if ('error' in said) throw new Error(`the run's ${kind} did not start: ${said.error}`);
  return said;
}

let ownAccounts = 0;

/** The number of an account that nobody else in this run has. */
function nextAccount(accounts: number): number {
  const run = process.env[RUN_VARIABLE];
  if (run === undefined) return (ownAccounts += 1) % accounts;
  for (let number = 0; number < accounts; number += 1) {
    try {
      // Made by one process only.
      mkdirSync(join(run, `account-${number}`));
      return number;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  throw new Error(`all ${accounts} accounts are taken: make more in test/harness/shared-servers.ts`);
}

const forever = { [Symbol.asyncDispose]: () => Promise.resolve() };

/** An account of its own with JetStream: nobody else sees its subjects and streams. Its identity stands in the URL. */
export async function sharedNats(): Promise<Place> {
  const { url, accounts } = await facts('nats');
  const place = new URL(accounts === 0 ? url : natsUrl(url, nextAccount(accounts)));
  return { url: place.href.replace(/\/$/, ''), host: place.hostname, port: Number(place.port), ...forever };
}

/** The run's node, for topics and groups of own names. */
export async function sharedKafka(): Promise<KafkaDoor & Place> {
  const { port, dataFolder } = await facts('kafka');
  return {
    ...(await kafkaDoor([port], dataFolder)),
    url: `kafka://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    ...forever,
  };
}

/** The run's node, and a virtual host of its own by `freshVhost`. */
export async function sharedRabbitMq(): Promise<RabbitMqDoor & Place> {
  const { port, managementPort, env } = await facts('rabbitmq');
  return { ...rabbitMqDoor({ port, managementPort, env }), host: '127.0.0.1', port, ...forever };
}

let names = 0;

/** A name that nobody else has in this run: for topics, groups, client ids. */
export function ownName(word: string): string {
  names += 1;
  return `${word}-${process.pid}-${names}`;
}
