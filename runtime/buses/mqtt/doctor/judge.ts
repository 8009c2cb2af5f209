import type { ExaminedEnd } from '#contract/doctor.ts';
import { durationMs } from '#kit/quantity.ts';
import { durationText } from '#kit/quantity-text.ts';
import { endName, judgeMaxBody, judgeVersion, type LineWriter } from '../../support/doctor-checks.ts';
import type { FilterAnswer, ServerLimits } from '../client/doctor-probe.ts';
import type { MqttFrom, MqttTo } from '../options.ts';

/** What a server was asked, and its answers. */
export interface ServerFacts {
  readonly protocol: '5' | '3.1.1';
  readonly limits: ServerLimits;
  /** `$SYS` topics by name, as far as the user may read them. */
  readonly stats: ReadonlyMap<string, string>;
}

export const VERSION_TOPIC = '$SYS/broker/version';
export const DROPPED_TOPIC = '$SYS/broker/publish/messages/dropped';

const MOSQUITTO = { product: 'mosquitto', oldest: '1.6', maintainedFrom: '2.0' };
/** With fewer in flight the network's delay bounds the rate. */
const ENOUGH_IN_FLIGHT = 256;

export function mosquittoVersion({ stats }: Pick<ServerFacts, 'stats'>): string | undefined {
  return /^mosquitto version (\S+)/.exec(stats.get(VERSION_TOPIC) ?? '')?.[1];
}

export function judgeServer(say: LineWriter, facts: ServerFacts, ends: Ends): void {
  const { protocol, limits, stats } = facts;
  const version = mosquittoVersion(facts);
  const other = stats.get(VERSION_TOPIC);
  if (version !== undefined) judgeVersion(say, version, MOSQUITTO);
  else if (other !== undefined) say.ok('SERVER_VERSION', '', other);
  else say.unknown('SERVER_VERSION', '', `${VERSION_TOPIC} cannot be read, and the protocol has no other place for it`);
  judgeProtocol(say, protocol, ends.sinks.length > 0);
  const dropped = Number(stats.get(DROPPED_TOPIC) ?? Number.NaN);
  if (dropped > 0) {
    const found = `the server has dropped ${dropped} messages since its start: a queue was full, or nobody was connected for QoS 0`;
    say.warning('DROPPED', '', found, 'max_queued_messages 0 in mosquitto.conf, and qos: 1 at every end');
  } else if (dropped === 0) say.ok('DROPPED', '', 'the server has dropped none since its start');
  judgeInFlight(say, limits, [...ends.sources, ...ends.sinks]);
}

export interface Ends {
  readonly sources: readonly ExaminedEnd<MqttFrom>[];
  readonly sinks: readonly ExaminedEnd<MqttTo>[];
}

function judgeProtocol(say: LineWriter, protocol: ServerFacts['protocol'], hasSinks: boolean): void {
  if (protocol === '5') return say.ok('PROTOCOL', '', 'MQTT 5');
  if (!hasSinks) return say.ok('PROTOCOL', '', 'MQTT 3.1.1, and no route publishes over it');
  const found = 'MQTT 3.1.1 confirms a publish that it denies: a missing right loses messages without a word';
  say.warning('PROTOCOL', '', found, 'protocol: "5"');
}

function judgeInFlight(say: LineWriter, { receiveMaximum }: ServerLimits, ends: readonly ExaminedEnd[]): void {
  const wanted = Math.min(ENOUGH_IN_FLIGHT, Math.max(...ends.map(({ windowMessages }) => windowMessages)));
  if (receiveMaximum === undefined) return say.ok('INFLIGHT', '', 'the server states no bound');
  if (receiveMaximum >= wanted) return say.ok('INFLIGHT', '', `receive maximum ${receiveMaximum}`);
  const found = `the server takes ${receiveMaximum} unconfirmed messages, and the window of the routes is ${wanted}: the rate is ${receiveMaximum} a round trip`;
  say.warning('INFLIGHT', '', found, `max_inflight_messages ${Math.max(wanted, 1000)} in mosquitto.conf`);
}

export function judgeFilter(
  say: LineWriter,
  source: Pick<ExaminedEnd<MqttFrom>, 'route' | 'direction' | 'end'>,
  {
    filter,
    answer,
    isMosquitto,
  }: { readonly filter: string; readonly answer: FilterAnswer; readonly isMosquitto: boolean },
): void {
  const about = `${endName(source)}, ${filter}`;
  if ('refused' in answer) {
    const found = `the server refuses the subscription (${answer.refused})`;
    return say.error('SUBSCRIBE', about, found, `the right to read ${filter} for this user (sluice acl), or topics`);
  }
  const { qos, shared } = source.end;
  if (answer.qos < Math.min(qos, 1)) {
    const found = `the server grants QoS ${answer.qos}: what it sends while the bridge is away is lost`;
    return say.warning('QOS', about, found, 'a server that grants QoS 1, or qos: 0 to state the loss');
  }
  const group = shared === undefined ? '' : `; its group ${shared} was not joined`;
  const judged = isMosquitto ? ' (mosquitto grants each filter, and judges each delivery)' : '';
  say.ok('SUBSCRIBE', about, `granted, QoS ${answer.qos}${judged}${group}`);
}

export function judgeSource(say: LineWriter, source: ExaminedEnd<MqttFrom>, limits: ServerLimits): void {
  const about = endName(source);
  const { qos, shared, session } = source.end;
  if (shared !== undefined) {
    if (limits.sharedAvailable) say.ok('SHARED', about, 'shared subscriptions are offered');
    else say.error('SHARED', about, 'the server has no shared subscriptions', 'leave shared out');
  }
  if (qos === 0) return;
  const asked = durationMs(session);
  const granted = Math.min(asked, (limits.sessionSeconds ?? Number.POSITIVE_INFINITY) * 1000);
  const needed = durationText(source.outageMs);
  if (granted >= source.outageMs)
    return say.ok('SESSION', about, `kept for ${durationText(granted)}; outage ${needed}`);
  if (asked >= source.outageMs) {
    const found = `the server keeps a session for ${durationText(granted)}, not for an outage of ${needed}: then what waits is gone`;
    return say.warning('SESSION', about, found, 'a longer session expiry at the server (persistent_client_expiration)');
  }
  const found = `session: ${session} is shorter than an outage of ${needed}: then the server drops what waits`;
  say.warning(
    'SESSION',
    about,
    found,
    `session: ${Math.ceil(source.outageMs / 1000)}s at the source of route ${source.route}`,
  );
}

export function judgeSink(say: LineWriter, sink: ExaminedEnd<MqttTo>, limits: ServerLimits): void {
  const about = endName(sink);
  const { qos, retain } = sink.end;
  if (retain && !limits.retainAvailable)
    say.error('RETAIN', about, 'the server keeps no retained messages', 'retain_available true, or leave retain out');
  else if (retain) say.ok('RETAIN', about, 'offered');
  const highest = limits.maximumQoS ?? 2;
  if (qos > highest) {
    const found = `the server takes QoS ${highest}, the sink sends QoS ${qos}`;
    say.error('QOS', about, found, `a server that takes QoS ${qos}, or qos: ${highest}`);
  } else say.ok('QOS', about, `QoS ${qos}`);
  judgeMaxBody(say, sink, { bytes: limits.maximumPacketSize, setting: 'max_packet_size' });
}
