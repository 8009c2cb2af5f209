import { randomBytes } from 'node:crypto';
import type { IConnackPacket } from 'mqtt-packet';
import type { MqttClient } from 'mqtt';
import { withDeadline } from '#kit/deadline.ts';
import type { MqttConnection } from '../options.ts';
import { connectFailure, type Target, tooSlow } from './connect-failure.ts';
import { clientOptions } from './connect-options.ts';
import { Connection } from './connection.ts';
import { loadForSink } from './library.ts';

/** What a server says of itself when it accepts a connection. Absent: the protocol's own value, or version 3.1.1. */
export interface ServerLimits {
  readonly receiveMaximum: number | undefined;
  readonly maximumPacketSize: number | undefined;
  readonly maximumQoS: number | undefined;
  readonly retainAvailable: boolean;
  readonly sharedAvailable: boolean;
  /** Seconds that the server keeps a session which was asked for; undefined: as long as it was asked for. */
  readonly sessionSeconds: number | undefined;
}

/** The answer to one filter. */
export type FilterAnswer = { readonly qos: number } | { readonly refused: string };

/** A connection with a clean session and a client id that nobody else has: it leaves nothing behind. */
export interface DoctorProbe {
  readonly address: string;
  readonly limits: ServerLimits;
  /** Subscribes and unsubscribes; retained messages are not asked for. */
  subscribe(filter: string, qos: 0 | 1): Promise<FilterAnswer>;
  /** The retained values of these topics, as far as this user may read them. */
  retained(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** `sessionSeconds`: asked for, to see whether the server grants it; the session ends with the connection all the same. */
export async function openDoctorProbe(
  connection: MqttConnection,
  {
    name,
    timeoutMs,
    sessionSeconds,
  }: { readonly name: string; readonly timeoutMs: number; readonly sessionSeconds: number },
): Promise<DoctorProbe> {
  const { protocol, host } = new URL(connection.url);
  const target: Target = {
    connection: name,
    address: `${protocol}//${host}`,
    protocol: connection.protocol,
    clientId: `sluice-doctor-${randomBytes(6).toString('hex')}`,
  };
  const late = (): Error => tooSlow(target, `within ${timeoutMs} ms`);
  const connect = await loadForSink(connection.url);
  // A session that is asked for has no subscriptions, and is ended as soon as the server has answered.
  const granted =
    sessionSeconds > 0 && connection.protocol === '5'
      ? await withDeadline(grantedSession(connect, connection, target, sessionSeconds), timeoutMs, late)
      : undefined;
  const client = connect({ ...clientOptions(connection, target), clean: true });
  const connack = await withDeadline(connackOf(client, target), timeoutMs, late).catch((error: unknown) => {
    discard(client);
    throw error;
  });
  const narrow = new Connection(client);
  const heard = new Map<string, string>();
  // A message of a filter that is tried goes to its readers too: this one is a copy.
  narrow.onPublish((packet, next) => {
    if (packet.topic.startsWith('$SYS/')) heard.set(packet.topic, packet.payload.toString());
    next();
  });
  const isFive = connection.protocol === '5';
  const ask = (filters: readonly string[], qos: 0 | 1, rh: 0 | 2): Promise<FilterAnswer> =>
    withDeadline(
      new Promise<FilterAnswer>((resolve) => {
        const options = isFive ? { qos, rap: true, rh, nl: false } : { qos };
        narrow.subscribe(filters, options, ({ error, grants, codes }) => {
          const refusal = codes.find((code) => code >= 0x80);
          if (error === undefined && refusal === undefined) return resolve({ qos: grants[0]?.qos ?? codes[0] ?? 0 });
          resolve({ refused: refusal === undefined ? (error?.message ?? '') : `reason 0x${refusal.toString(16)}` });
        });
      }),
      timeoutMs,
      late,
    );
  const forget = async (filters: readonly string[]): Promise<void> => {
    for (const filter of filters) {
      await withDeadline(new Promise<void>((resolve) => narrow.unsubscribe(filter, () => resolve())), timeoutMs, late);
    }
  };
  return {
    address: target.address,
    limits: limitsOf(connack, granted),
    async subscribe(filter, qos) {
      const answer = await ask([filter], qos, 2);
      await forget([filter]);
      return answer;
    },
    async retained(topics) {
      await ask(topics, 0, 0);
      // Retained messages stand before the answer to what follows.
      await forget(topics);
      return heard;
    },
    close: () => client.endAsync(true),
  };
}

type Connect = Awaited<ReturnType<typeof loadForSink>>;

async function grantedSession(
  connect: Connect,
  connection: MqttConnection,
  target: Target,
  sessionSeconds: number,
): Promise<number | undefined> {
  const properties = { sessionExpiryInterval: sessionSeconds };
  const client = connect({ ...clientOptions(connection, target), clean: true, properties });
  try {
    const connack = await connackOf(client, target);
    await client.endAsync(false, { reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    return connack.properties?.sessionExpiryInterval;
  } catch (error) {
    discard(client);
    throw error;
  }
}

function connackOf(client: MqttClient, target: Target): Promise<IConnackPacket> {
  return new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.on('error', (error) => reject(connectFailure(target, error)));
    client.once('close', () => reject(connectFailure(target, undefined)));
  });
}

function discard(client: MqttClient): void {
  client.on('error', () => {});
  client.end(true);
}

function limitsOf({ properties }: IConnackPacket, sessionSeconds: number | undefined): ServerLimits {
  const { receiveMaximum, maximumPacketSize, maximumQoS, retainAvailable, sharedSubscriptionAvailable } =
    properties ?? {};
  return {
    receiveMaximum,
    maximumPacketSize,
    maximumQoS,
    retainAvailable: retainAvailable !== false,
    sharedAvailable: sharedSubscriptionAvailable !== false,
    sessionSeconds,
  };
}
