import type { BusDoctor, ExaminedEnd, Examination } from '#contract/doctor.ts';
import { SluiceError } from '#contract/errors.ts';
import { endName, lineWriter, type LineWriter } from '../../support/doctor-checks.ts';
import { type ClusterInspection, errorName, inspectCluster, type SeenTopic } from '../client/inspect-cluster.ts';
import { groupName } from '../group-name.ts';
import { kafkaErrorIn } from '../kafka-error.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from '../options.ts';
import { CHECKS } from './checks.ts';
import {
  judgeGroup,
  judgeKafkaVersion,
  judgeServers,
  judgeSinkTopic,
  judgeSourceTopic,
  judgeTopic,
  judgeTopicRights,
} from './judge.ts';

type Given = Examination<KafkaConnection, KafkaFrom, KafkaTo>;

const TOPIC_SETTINGS = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'min.insync.replicas',
  'max.message.bytes',
];
const SERVER_SETTINGS = ['offsets.retention.minutes', 'group.min.session.timeout.ms', 'group.max.session.timeout.ms'];
/** Of a template with many topics. */
const MOST_TOPICS = 20;

/** Asks a cluster for what it has. It joins no group. */
export const doctor: BusDoctor<KafkaConnection, KafkaFrom, KafkaTo> = {
  checks: CHECKS,
  async examine(given) {
    const { connection, options, signal } = given;
    let cluster: ClusterInspection | undefined;
    try {
      cluster = await inspectCluster(options, signal);
      await ask(cluster, given);
    } catch (thrown) {
      const known = kafkaErrorIn(thrown);
      if (known === undefined) throw thrown;
      const servers = options.brokers.join(', ');
      throw new SluiceError(known.code, `${connection} (${servers}): ${known.message}`, { cause: thrown });
    } finally {
      cluster?.close();
    }
  },
};

async function ask(cluster: ClusterInspection, given: Given): Promise<void> {
  const { connection, options, sources, sinks, perSecond, tell } = given;
  const say = lineWriter(tell);
  say.ok('REACHABLE', '', options.brokers.join(', '));
  say.ok('IDENTITY', '', identityText(options));
  judgeKafkaVersion(say, cluster.fetchVersion);
  judgeServers(say, cluster.servers, connection);
  const topics = await topicsOf(cluster, [...sources, ...sinks]);
  const server = await cluster.serverConfig(SERVER_SETTINGS);
  const look = (end: ExaminedEnd, name: string): SeenTopic | undefined => {
    const seen = topics.get(name);
    const error = seen === undefined ? undefined : errorName(seen.errorCode);
    if (!judgeTopic(say, end, { seen, name, create: options.create, error }) || seen === undefined) return undefined;
    judgeTopicRights(say, end, seen);
    return seen;
  };
  for (const source of sources) {
    for (const name of source.end.topics) {
      const seen = look(source, name);
      if (seen === undefined) continue;
      judgeSourceTopic(say, source, seen, { config: await cluster.topicConfig(name, TOPIC_SETTINGS), perSecond });
    }
    const name = groupName(source.end, source);
    const group = await cluster.group(name);
    judgeGroup(say, source, { name, group, error: group && errorName(group.errorCode), server });
  }
  for (const sink of sinks) {
    for (const name of sinkTopics(say, sink, topics)) {
      const seen = look(sink, name);
      if (seen === undefined) continue;
      const config = await cluster.topicConfig(name, TOPIC_SETTINGS);
      judgeSinkTopic(say, sink, seen, { config, servers: cluster.servers.length });
    }
  }
}

type Wanted = Pick<ExaminedEnd, 'rights'>;

/** Names and beginnings of the topics of an end. */
function namesOf({ rights }: Wanted): { readonly names: readonly string[]; readonly prefixes: readonly string[] } {
  const of = (isWanted: (kind: string | undefined, on: string) => boolean): string[] => [
    ...new Set(rights.filter(({ kind, on }) => isWanted(kind, on)).map(({ on }) => on)),
  ];
  const names = of((kind, on) => kind === 'topic' && on !== '*');
  const prefixes = of((kind) => kind === 'topic prefix');
  const isAny = rights.some(({ kind, on }) => kind === 'topic' && on === '*');
  return { names, prefixes: isAny ? [...prefixes, ''] : prefixes };
}

async function topicsOf(cluster: ClusterInspection, ends: readonly Wanted[]): Promise<ReadonlyMap<string, SeenTopic>> {
  const wanted = ends.map(namesOf);
  const named = await cluster.topics([...new Set(wanted.flatMap(({ names }) => names))]);
  // A template makes topics of any name with that beginning.
  const listed = wanted.some(({ prefixes }) => prefixes.length > 0) ? await cluster.topics(undefined) : [];
  return new Map([...listed, ...named].map((topic) => [topic.topic, topic]));
}

function sinkTopics(
  say: LineWriter,
  sink: ExaminedEnd<KafkaTo>,
  topics: ReadonlyMap<string, SeenTopic>,
): readonly string[] {
  const { names, prefixes } = namesOf(sink);
  const made = prefixes.map((prefix) => {
    const found = [...topics.keys()].filter((name) => name.startsWith(prefix) && !name.startsWith('__'));
    if (found.length === 0) {
      const write = `kafka-topics.sh --create --topic ${prefix}NAME for each name, or create: true at the connection`;
      say.warning(
        'TOPIC',
        `${endName(sink)}, ${sink.end.topic}`,
        `no topic that begins with ${prefix} can be seen`,
        write,
      );
    }
    return found.slice(0, MOST_TOPICS);
  });
  return [...names, ...made.flat()];
}

function identityText({ sasl, tls }: KafkaConnection): string {
  if (sasl !== undefined)
    return `the cluster accepts ${sasl.username === undefined ? 'the token' : `user ${sasl.username}`} (${sasl.mechanism})`;
  return tls?.cert === undefined
    ? 'the cluster lets this client in without a name (User:ANONYMOUS)'
    : 'the cluster accepts the client certificate';
}
