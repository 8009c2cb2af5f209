import { type Reach, serverName } from '#contract/reach.ts';
import type { MqttConnection, MqttFrom } from './options.ts';
import { topicPattern } from './topics.ts';

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };

export function servers({ url }: MqttConnection): readonly string[] {
  if (!URL.canParse(url)) return [];
  const { protocol, hostname, port } = new URL(url);
  return [serverName('mqtt', hostname, port === '' ? (PORTS[protocol] ?? '') : port)];
}

/** The topics of a server are one address space. */
export const WRITES: readonly string[] = ['topics'];

export function reads({ topics }: MqttFrom): readonly Reach[] {
  return topics.map((filter, at) => ({ spaces: WRITES, filter: topicPattern(filter), path: ['topics', String(at)] }));
}
