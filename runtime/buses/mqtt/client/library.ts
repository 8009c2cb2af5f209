import type { IClientOptions, MqttClient } from 'mqtt';
import { patchUserProperties } from './user-properties.ts';

export type { IClientOptions } from 'mqtt';

/** Makes a connection of the client. */
export type Connect = (options: IClientOptions) => MqttClient;

const PACKET_TOO_LARGE = 0x95;

// The modules are CommonJS: a bundle in chunks does not have their named exports.

/** Loads the client for a source, with its parser patched. */
export async function loadForSource(): Promise<Connect> {
  const [{ default: mqtt }, { default: packets }] = await Promise.all([import('mqtt'), import('mqtt-packet')]);
  patchUserProperties(packets.parser);
  return mqtt.connect;
}

/** Loads the client for a sink, with all PUBACK reasons that servers send. */
export async function loadForSink(): Promise<Connect> {
  const [{ default: mqtt }, { default: constants }] = await Promise.all([
    import('mqtt'),
    import('mqtt-packet/constants.js'),
  ]);
  // mosquitto sends this reason for a body over message_size_limit. The parser takes it for malformed: the connection would
  // end, and the message would be sent again forever.
  constants.MQTT5_PUBACK_PUBREC_CODES[PACKET_TOO_LARGE] ??= 'Packet too large';
  return mqtt.connect;
}
