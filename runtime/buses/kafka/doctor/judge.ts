import type { ExaminedEnd } from '#contract/doctor.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { durationMs } from '#kit/quantity.ts';
import { durationText, sizeText } from '#kit/quantity-text.ts';
import { endName, judgeMaxBody, type LineWriter } from '../../support/doctor-checks.ts';
import { holdsForMs } from '../../support/doctor-retention.ts';
import type { SeenGroup, SeenServer, SeenTopic } from '../client/inspect-cluster.ts';
import type { KafkaFrom, KafkaTo } from '../options.ts';

export type Config = ReadonlyMap<string, string> | undefined;

/** The first version of Kafka with that version of Fetch. */
const BY_FETCH: readonly (readonly [fetch: number, kafka: string])[] = [
  [18, '4.1'],
  [17, '3.9'],
  [16, '3.7'],
  [15, '3.5'],
  [13, '3.1'],
  [12, '2.7'],
  [11, '2.4'],
];
const OLDEST_FETCH = 11;
const MAINTAINED_FETCH = 17;
/** A mean size, where none is known. */
const ASSUMED_BYTES = 1024;

export function judgeKafkaVersion(say: LineWriter, fetchVersion: number): void {
  const version = BY_FETCH.find(([fetch]) => fetchVersion >= fetch)?.[1];
  if (fetchVersion < OLDEST_FETCH || version === undefined)
    return say.error('SERVER_VERSION', '', 'older than Kafka 2.4', 'Kafka 3.9 or later');
  const found = `Kafka ${version} or later, by the requests that it knows`;
  if (fetchVersion >= MAINTAINED_FETCH) return say.ok('SERVER_VERSION', '', found);
  say.warning('SERVER_VERSION', '', `${found}: it gets no fixes any more`, 'Kafka 3.9 or later');
}

export function judgeServers(say: LineWriter, servers: readonly SeenServer[], connection: string): void {
  for (const { nodeId, address, failure } of servers) {
    const about = `server ${nodeId}, ${address}`;
    if (failure === undefined) say.ok('SERVERS', about, 'reached under the address that the cluster announces');
    else {
      const write = `advertised.listeners in its server.properties with an address that this machine reaches (buses.${connection}.brokers is only where the bridge asks first)`;
      say.error('SERVERS', about, `the cluster announces this address, and there ${failure}`, write);
    }
  }
}

/** A topic of one end. False: there is nothing more to look at. */
export function judgeTopic(
  say: LineWriter,
  end: ExaminedEnd,
  {
    seen,
    name,
    create,
    error,
  }: {
    readonly seen: SeenTopic | undefined;
    readonly name: string;
    readonly create: boolean;
    readonly error: string | undefined;
  },
): boolean {
  const about = `${endName(end)}, topic ${name}`;
  if (error === 'TOPIC_AUTHORIZATION_FAILED') {
    const found = 'the server denies it, and does not say whether it exists';
    say.error('PERMISSION', about, found, `the rights that \`sluice acl PIPELINE --for kafka\` prints`);
    return false;
  }
  if (seen === undefined || error === 'UNKNOWN_TOPIC_OR_PARTITION') {
    if (create) say.ok('TOPIC', about, 'is made at the start (create: true)');
    else {
      const write = `kafka-topics.sh --create --topic ${name}, the name of the topic in ${end.direction === 'source' ? 'topics' : 'topic'}:, or create: true at the connection`;
      say.error('TOPIC', about, 'it does not exist', write);
    }
    return false;
  }
  if (error !== undefined) {
    say.error('TOPIC', about, `the server answers ${error}`, 'look at the log of the servers');
    return false;
  }
  judgePartitions(say, about, seen);
  return true;
}

function judgePartitions(say: LineWriter, about: string, { partitions }: SeenTopic): void {
  const count = partitions.length;
  const leaderless = partitions.filter(({ leader }) => leader < 0).length;
  const behind = partitions.filter(({ replicas, inSync }) => inSync < replicas).length;
  if (leaderless > 0) {
    const found = `${leaderless} of ${count} partitions have no leader: nothing is read from or written to them`;
    say.error(
      'TOPIC',
      about,
      found,
      'start the servers that hold them (kafka-topics.sh --describe --unavailable-partitions)',
    );
  } else if (behind > 0) {
    const found = `${behind} of ${count} partitions have a copy that is not in sync`;
    say.warning(
      'TOPIC',
      about,
      found,
      'look at the servers of these copies (kafka-topics.sh --describe --under-replicated-partitions)',
    );
  } else say.ok('TOPIC', about, `${count} ${count === 1 ? 'partition' : 'partitions'}, each with a leader`);
}

/** The rights of an end to one topic. */
export function judgeTopicRights(say: LineWriter, end: ExaminedEnd, seen: SeenTopic): void {
  const wanted = end.rights.filter(({ kind, on }) =>
    kind === 'topic prefix' ? seen.topic.startsWith(on) : kind === 'topic' && (on === seen.topic || on === '*'),
  );
  judgeOperations(say, `${endName(end)}, topic ${seen.topic}`, {
    // The topic is there.
    operations: wanted.map(({ operation }) => operation).filter((operation) => operation !== 'Create'),
    may: seen.may,
  });
}

export function judgeGroup(
  say: LineWriter,
  source: ExaminedEnd<KafkaFrom>,
  {
    name,
    group,
    error,
    server,
  }: {
    readonly name: string;
    readonly group: SeenGroup | undefined;
    readonly error: string | undefined;
    readonly server: Config;
  },
): void {
  const about = `${endName(source)}, group ${name}`;
  if (error === 'GROUP_AUTHORIZATION_FAILED')
    return say.error(
      'PERMISSION',
      about,
      'the server denies the group',
      'the rights that `sluice acl PIPELINE --for kafka` prints',
    );
  if (group === undefined) {
    say.unknown('GROUP', about, 'no server coordinates it: the cluster had no groups so far');
  } else if (error !== undefined) {
    say.unknown('GROUP', about, `the server answers ${error}`);
  } else {
    judgeOperations(say, about, { operations: ['Read'], may: group.may });
    if (group.members > 0 && group.protocolType !== 'consumer') {
      const found = `it has ${group.members} members that are no consumers (${group.protocolType})`;
      say.error('GROUP', about, found, `another name in group: at the source of route ${source.route}`);
    } else
      say.ok(
        'GROUP',
        about,
        group.state === 'Dead' ? 'is made at the first start' : `${group.state}, ${group.members} members`,
      );
  }
  judgeOffsetRetention(say, about, source.outageMs, server);
  judgeSessionTimeout(say, source, server);
}

function judgeOperations(
  say: LineWriter,
  about: string,
  { operations, may }: { readonly operations: readonly string[]; readonly may: SeenTopic['may'] },
): void {
  const wanted = [...new Set(operations)];
  const missing = wanted.filter((operation) => may(operation) === false);
  if (missing.length > 0) {
    const write = 'the rights that `sluice acl PIPELINE --for kafka` prints';
    return say.error('PERMISSION', about, `the server does not allow ${missing.join(', ')}`, write);
  }
  if (wanted.some((operation) => may(operation) === undefined))
    return say.unknown(
      'PERMISSION',
      about,
      'the server does not list what is allowed',
      'sluice acl PIPELINE --check URL, as an administrator',
    );
  say.ok('PERMISSION', about, `${wanted.join(', ')} allowed`);
}

function judgeOffsetRetention(say: LineWriter, about: string, outageMs: number, server: Config): void {
  const minutes = Number(server?.get('offsets.retention.minutes') ?? Number.NaN);
  if (Number.isNaN(minutes)) return;
  if (minutes * 60_000 >= outageMs)
    return say.ok('GROUP', about, `its place is kept for ${durationText(minutes * 60_000)} without members`);
  const found = `its place is forgotten after ${durationText(minutes * 60_000)} without members, and an outage may take ${durationText(outageMs)}: then the route begins at start`;
  say.warning('GROUP', about, found, `offsets.retention.minutes=${Math.ceil(outageMs / 60_000)} in server.properties`);
}

function judgeSessionTimeout(say: LineWriter, source: ExaminedEnd<KafkaFrom>, server: Config): void {
  const least = Number(server?.get('group.min.session.timeout.ms') ?? Number.NaN);
  const most = Number(server?.get('group.max.session.timeout.ms') ?? Number.NaN);
  const about = endName(source);
  const asked = durationMs(source.end.sessionTimeout);
  if (Number.isNaN(least) || Number.isNaN(most)) return;
  if (asked >= least && asked <= most) return say.ok('SESSION_TIMEOUT', about, durationText(asked));
  const found = `sessionTimeout ${durationText(asked)} is not within ${durationText(least)} and ${durationText(most)}`;
  say.error(
    'SESSION_TIMEOUT',
    about,
    found,
    `sessionTimeout: ${asked < least ? least : most}ms at the source of route ${source.route}`,
  );
}

export function judgeSourceTopic(
  say: LineWriter,
  source: ExaminedEnd<KafkaFrom>,
  seen: SeenTopic,
  { config, perSecond }: { readonly config: Config; readonly perSecond: number | undefined },
): void {
  const about = `${endName(source)}, topic ${seen.topic}`;
  if (config === undefined)
    return say.unknown('RETENTION', about, 'this user may not see the settings of the topic (DescribeConfigs)');
  const alter = (setting: string): string => `kafka-configs.sh --alter --topic ${seen.topic} --add-config ${setting}`;
  const outage = durationText(source.outageMs);
  const policy = config.get('cleanup.policy') ?? 'delete';
  if (policy.includes('compact') && CLASSES[source.trafficClass].keeps === 'all') {
    const found = `cleanup.policy ${policy} removes an older message of a key, read or not, and class ${source.trafficClass} keeps all`;
    return say.warning('RETENTION', about, found, `${alter('cleanup.policy=delete')}, or class: telemetry`);
  }
  if (!policy.includes('delete')) return say.ok('RETENTION', about, `cleanup.policy ${policy}`);
  const ageMs = Number(config.get('retention.ms') ?? -1);
  if (ageMs >= 0 && ageMs < source.outageMs) {
    const found = `retention.ms ${durationText(ageMs)} is shorter than an outage of ${outage}: what was not read by then is removed`;
    return say.warning('RETENTION', about, found, alter(`retention.ms=${source.outageMs}`));
  }
  const bytes = Number(config.get('retention.bytes') ?? -1);
  const age = ageMs < 0 ? 'no retention.ms' : `retention.ms ${durationText(ageMs)}`;
  if (bytes < 0) return say.ok('RETENTION', about, `${age}, no bound of bytes; outage ${outage}`);
  const inflow =
    perSecond === undefined ? undefined : { perSecond: perSecond / seen.partitions.length, meanBytes: ASSUMED_BYTES };
  const holdsMs = holdsForMs({ messages: undefined, bytes }, inflow);
  if (holdsMs !== undefined && holdsMs >= source.outageMs)
    return say.ok('RETENTION', about, `${age}, retention.bytes ${sizeText(bytes)}; outage ${outage}`);
  const howLong =
    holdsMs === undefined
      ? 'for how long cannot be told without --rate'
      : `for ${durationText(holdsMs)} at 1 KiB a message`;
  say.warning(
    'RETENTION',
    about,
    `retention.bytes ${sizeText(bytes)} a partition lasts ${howLong}`,
    alter('retention.bytes=-1'),
  );
}

export function judgeSinkTopic(
  say: LineWriter,
  sink: ExaminedEnd<KafkaTo>,
  seen: SeenTopic,
  { config, servers }: { readonly config: Config; readonly servers: number },
): void {
  const about = `${endName(sink)}, topic ${seen.topic}`;
  const { partition } = sink.end;
  if (partition !== undefined && partition >= seen.partitions.length) {
    const found = `partition ${partition} does not exist: there are ${seen.partitions.length}, from 0 on`;
    say.error('TOPIC', about, found, `partition: ${seen.partitions.length - 1} and below, or leave it out`);
  }
  if (config === undefined)
    return say.unknown('MIN_ISR', about, 'this user may not see the settings of the topic (DescribeConfigs)');
  judgeCopies(say, about, seen, { least: Number(config.get('min.insync.replicas') ?? 1), servers });
  const bytes = config.get('max.message.bytes');
  judgeMaxBody(say, sink, {
    bytes: bytes === undefined ? undefined : Number(bytes),
    setting: 'max.message.bytes',
    about: `topic ${seen.topic}`,
  });
}

function judgeCopies(
  say: LineWriter,
  about: string,
  { topic, partitions }: SeenTopic,
  { least, servers }: { readonly least: number; readonly servers: number },
): void {
  const copies = Math.min(...partitions.map(({ replicas }) => replicas));
  const inSync = Math.min(...partitions.map(({ inSync: count }) => count));
  const alter = `kafka-configs.sh --alter --topic ${topic} --add-config min.insync.replicas=`;
  if (least > inSync) {
    const found = `min.insync.replicas is ${least}, and a partition has ${inSync} of ${copies} copies in sync: the server refuses every message`;
    const write = copies < least ? `${alter}${copies}, or more copies` : 'start the servers of the other copies';
    return say.error('MIN_ISR', about, found, write);
  }
  if (copies > 1 && least === 1) {
    const found = `min.insync.replicas is 1: a confirmed message may be on one of ${copies} servers alone, and is lost with it`;
    return say.warning('MIN_ISR', about, found, `${alter}2`);
  }
  if (copies === 1 && servers > 1) {
    const found = `one copy in a cluster of ${servers} servers: it is lost with its server`;
    return say.warning(
      'MIN_ISR',
      about,
      found,
      'kafka-reassign-partitions.sh with 3 copies, and min.insync.replicas=2',
    );
  }
  say.ok('MIN_ISR', about, `${copies} ${copies === 1 ? 'copy' : 'copies'}, min.insync.replicas ${least}`);
}
