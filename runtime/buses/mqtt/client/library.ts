import { createConnection } from 'node:net';
import type { IClientOptions, MqttClient } from 'mqtt';
import { SluiceError } from '#contract/errors.ts';
import { patchUserProperties } from './user-properties.ts';

export type { IClientOptions } from 'mqtt';

/** Makes a connection of the client. */
export type Connect = (options: IClientOptions) => MqttClient;

const PACKET_TOO_LARGE = 0x95;
const DEFAULT_PORT = 1883;
const PROXY = 'MQTTJS_SOCKS_PROXY';

// The modules are CommonJS: a bundle in chunks does not have their named exports.

/** Loads the client for a source at a url, with its parser patched. */
export async function loadForSource(url: string): Promise<Connect> {
  const [connect, { default: packets }] = await Promise.all([loadConnect(url), import('mqtt-packet')]);
  patchUserProperties(packets.parser);
  return connect;
}

/** Loads the client for a sink at a url, with all PUBACK reasons that servers send. */
export async function loadForSink(url: string): Promise<Connect> {
  const [connect, { default: constants }] = await Promise.all([loadConnect(url), import('mqtt-packet/constants.js')]);
  // mosquitto sends this reason for a body over message_size_limit. The parser takes it for malformed: the connection would
  // end, and the message would be sent again forever.
  constants.MQTT5_PUBACK_PUBREC_CODES[PACKET_TOO_LARGE] ??= 'Packet too large';
  return connect;
}

/** Over plain TCP the client is loaded without its other transports: WebSocket and TLS take longer than a connection. */
async function loadConnect(url: string): Promise<Connect> {
  // A variable of the client's own, which no pipeline file shows, would lead every connection elsewhere.
  if ((process.env[PROXY] ?? '') !== '') {
    throw new SluiceError(
      'BUS_SETTING',
      `${PROXY} is set, and connections through a SOCKS proxy are not supported; unset it`,
    );
  }
  if (new URL(url).protocol !== 'mqtt:') return (await import('mqtt')).default.connect;
  const { default: Client } = (await import('mqtt/lib/client')).default;
  return (options) =>
    new Client(
      () => createConnection({ host: options.hostname ?? 'localhost', port: options.port ?? DEFAULT_PORT }),
      options,
    );
}
