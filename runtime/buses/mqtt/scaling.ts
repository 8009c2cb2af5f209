import type { BusScaling } from '#contract/scaling.ts';
import type { MqttConnection, MqttFrom } from './options.ts';

export const scaling: BusScaling<MqttConnection, MqttFrom> = {
  undivided: ({ end }) =>
    end.shared === undefined
      ? 'two processes of one client id end the connections of each other: shared, and a clientId for each, let them divide the messages'
      : undefined,
  ownOptions: () => [{ where: 'connection', path: ['clientId'] }],
  keeps: ({ end }) =>
    end.qos === 0
      ? undefined
      : 'it numbers the rounds of packet ids, of which the ids of messages without a msgid are made',
  staysBehind: ({ end }) =>
    `the server goes on giving messages to the session of a process that is gone, until the session ends (${end.session})`,
  backlog: () => 'MQTT has no way to ask how many messages wait in a session',
};
