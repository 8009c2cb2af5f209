import type { Guarantees } from '#contract/bus.ts';
import { durationMs } from '#kit/quantity.ts';
import type { MqttConnection, MqttFrom, MqttTo } from './options.ts';

const OLD_PROTOCOL =
  'MQTT 3.1.1: the label (seclabel) is lost, and headers, trace, ids, content type, expiry and the count of routes that ends a loop are not carried';

const OLD_BOUND = 'MQTT 3.1.1 has no window: what the server sends at once counts (mosquitto: max_inflight_messages)';

export function sourceGuarantees(connection: MqttConnection, from: MqttFrom): Guarantees {
  const persistent = durationMs(from.session) > 0;
  const notes: string[] = [];
  if (from.qos === 0) notes.push('qos 0: at most once; what is under way when a connection or the bridge ends is lost');
  else if (!persistent) notes.push('session 0s: what the server sends or holds while the bridge is away is lost');
  else
    notes.push(
      'the server may drop what exceeds its own queue for an absent client: mosquitto keeps 1,000 messages unless max_queued_messages says more',
    );
  if (from.shared !== undefined)
    notes.push('shared: the members of the group divide each topic among them, so nothing keeps its order');
  if (from.qos === 1)
    notes.push(
      "ids: the publisher's msgid with a digest of topic and body, else session, round and packet id, which hold as long as the state folder is kept and the server numbers its messages one after the other",
    );
  if (connection.protocol === '3.1.1') {
    notes.push(OLD_PROTOCOL);
    if (persistent)
      notes.push('MQTT 3.1.1 knows no session expiry: the server keeps the session for as long as it is set to');
  }
  return {
    namedByPublisher: from.qos === 1,
    ...carried(connection),
    confirms: from.qos === 1 ? 'received' : 'sent',
    expiresUnread: connection.protocol === '5',
    redelivers: from.qos === 1 && persistent,
    ...(connection.protocol === '3.1.1' && { repeatsBeside: OLD_BOUND }),
    boundsAge:
      connection.protocol === '5'
        ? "the publisher's message expiry interval"
        : 'MQTT 3.1.1 has none: read it by MQTT 5, or have publishers write a time',
    ordered: from.shared === undefined ? 'address' : 'none',
    instances: {
      share: 'any',
      means:
        from.shared === undefined
          ? 'two of one client id end the connections of each other: shared, and a clientId for each, let them divide the messages'
          : 'the members of the group divide the messages among them, each under a clientId of its own',
    },
    notes,
  };
}

export function sinkGuarantees(connection: MqttConnection, to: MqttTo): Guarantees {
  const notes: string[] = [];
  if (to.qos === 0)
    notes.push('qos 0: confirmed once written to the connection; what is under way when it ends is lost');
  else notes.push('a confirmation says that the server has the message in memory, not on disk');
  if (connection.protocol === '3.1.1') {
    notes.push(OLD_PROTOCOL);
    notes.push('MQTT 3.1.1 confirms a publish that it denies or that is too large for it: neither is noticed');
  }
  return {
    ...carried(connection),
    confirms: to.qos === 1 ? 'received' : 'sent',
    expiresUnread: connection.protocol === '5',
    redelivers: false,
    ordered: 'address',
    notes,
  };
}

function carried(
  connection: MqttConnection,
): Pick<
  Guarantees,
  | 'stamps'
  | 'carriesHeaders'
  | 'headersNeed'
  | 'carriesKey'
  | 'carriesExpiry'
  | 'carriesNull'
  | 'deduplicates'
  | 'recoversIds'
> {
  const isFive = connection.protocol === '5';
  return {
    stamps: 'none',
    carriesHeaders: isFive,
    ...(!isFive && { headersNeed: 'protocol: "5" in the connection, where the server speaks it' }),
    carriesKey: false,
    carriesExpiry: isFive,
    carriesNull: false,
    deduplicates: false,
    recoversIds: false,
  };
}
