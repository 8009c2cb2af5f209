import { REACHABLE } from '../brokers/all.ts';
import { busesOf, type Case } from './bridge.ts';

/** The buses that give at least once. RabbitMQ with quorum queues. */
const BUSES = REACHABLE.filter(({ endpoints }) => endpoints.redelivers).map(({ name }) => name);

const CASES: readonly Case[] = [
  ...BUSES.flatMap((from) => BUSES.map((to) => ({ name: `${from}-${to}`, ends: { from, to } }))),
  { name: 'core-core', ends: undefined },
  { name: 'memory-memory', ends: undefined },
];

/** What runs when nothing is named. */
const USUAL = [
  'mqtt-jetstream',
  'jetstream-jetstream',
  'jetstream-kafka',
  'kafka-jetstream',
  'rabbitmq-kafka',
  'mqtt-rabbitmq',
  'core-core',
  'memory-memory',
];

/**
 * The cases of these names; `all` is every one. Throws on other names. `overServers`: without those that a publisher in
 * another process cannot reach.
 */
export function casesNamed(names: readonly string[] = USUAL, overServers = false): readonly Case[] {
  const unknown = names.filter((name) => name !== 'all' && !CASES.some((one) => one.name === name));
  if (unknown.length > 0) {
    throw new Error(`no case ${unknown.join(', ')}; there are all, ${CASES.map(({ name }) => name).join(', ')}`);
  }
  const named = names.includes('all') ? CASES : CASES.filter(({ name }) => names.includes(name));
  return overServers ? named.filter((kind) => busesOf(kind) !== undefined) : named;
}
