import type { OptionFlaw } from '#contract/bus.ts';
import type { MqttConnection, MqttFrom, MqttTo } from './options.ts';
import { filterFlaw, topicGrammar, topicPattern } from './topics.ts';
import { overlaps } from '#kit/address-pattern.ts';

/** The flaws that a schema cannot find. Never contains a url, which may hold a password. */
export function flaws(connection: MqttConnection, end: { from: MqttFrom } | { to: MqttTo }): readonly OptionFlaw[] {
  return [...connectionFlaws(connection), ...('from' in end ? sourceFlaws(end.from) : sinkFlaws(end.to))];
}

function connectionFlaws(connection: MqttConnection): OptionFlaw[] {
  const found: OptionFlaw[] = [];
  const flaw = (path: readonly string[], expected: string, seen: string, write: string): void => {
    found.push({ where: 'connection', path, expected, found: seen, write });
  };
  const { tls } = connection;
  if (!URL.canParse(connection.url)) {
    flaw(['url'], 'scheme://host:port', 'no such address', 'url: mqtt://HOST:1883');
    return found;
  }
  const { protocol, username } = new URL(connection.url);
  if (tls !== undefined && (protocol === 'mqtt:' || protocol === 'ws:')) {
    const secure = protocol === 'mqtt:' ? 'mqtts' : 'wss';
    flaw(
      ['tls'],
      `tls only with ${secure}://`,
      `a url with ${protocol}//, which is sent in clear`,
      `url: ${secure}://...`,
    );
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    const missing = tls?.cert === undefined ? 'cert' : 'key';
    flaw(['tls', missing], 'cert and key together', `no ${missing}`, `tls: { ${missing}: "file:client.${missing}" }`);
  }
  // [MQTT-3.1.2-22] of 3.1.1; version 5 allows it.
  if (
    connection.protocol === '3.1.1' &&
    connection.password !== undefined &&
    connection.username === undefined &&
    username === ''
  ) {
    flaw(['username'], 'a user name beside the password: MQTT 3.1.1 has no password alone', 'none', 'username: NAME');
  }
  return found;
}

function sourceFlaws(from: MqttFrom): OptionFlaw[] {
  const found: OptionFlaw[] = [];
  for (const [index, filter] of from.topics.entries()) {
    const wrong = filterFlaw(filter);
    if (wrong === undefined) continue;
    found.push({
      where: 'end',
      path: ['topics', String(index)],
      expected: 'a topic filter such as fleet/+/position or fleet/#',
      found: wrong,
      write: filter.startsWith('$share')
        ? 'shared: GROUP and the filter alone'
        : '+ for one whole level, # as the last level',
    });
  }
  for (const [index, twin] of overlaps(from.topics.map(topicPattern), topicGrammar.hidden).entries()) {
    if (twin === undefined) continue;
    found.push({
      where: 'end',
      path: ['topics', String(index)],
      beside: ['topics', String(twin)],
      expected: 'topic filters that do not overlap: the server sends a message once for each that it matches',
      found: `a message can match both ${from.topics[twin]} and ${from.topics[index]}`,
      write: 'the wider of the two alone, or filters that no topic matches both of',
    });
  }
  if (from.qos === 2) {
    found.push({
      where: 'end',
      path: ['qos'],
      expected:
        '0 or 1: at QoS 2 the server forgets a message once the client holds it, and what a client holds in memory between PUBREC and PUBCOMP is lost in a crash',
      found: '2',
      write: 'qos: 1',
    });
  }
  return found;
}

function sinkFlaws(to: MqttTo): OptionFlaw[] {
  if (to.qos !== 2) return [];
  return [
    {
      where: 'end',
      path: ['qos'],
      expected:
        '0 or 1: what is sent again after a crash of the bridge is a new message to the server at QoS 2 too, so it costs twice the packets and removes no duplicate; msgid does',
      found: '2',
      write: 'qos: 1',
    },
  ];
}
