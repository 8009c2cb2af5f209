import type { BacklogTrigger, BusScaling, TriggerParameter } from '#contract/scaling.ts';
import { groupName } from './group-name.ts';
import type { KafkaConnection, KafkaFrom } from './options.ts';

/** Names of KEDA's scaler for the mechanisms. */
const SASL: Readonly<Record<string, string>> = {
  plain: 'plaintext',
  'scram-sha-256': 'scram_sha256',
  'scram-sha-512': 'scram_sha512',
  oauthbearer: 'oauthbearer',
};

const at = (parameter: string, group: string, value?: string): TriggerParameter => ({
  parameter,
  where: 'connection',
  path: [group, parameter],
  ...(value !== undefined && { value }),
});

export const scaling: BusScaling<KafkaConnection, KafkaFrom> = {
  undivided: () => undefined,
  ownOptions: ({ end }) => (end.instance === undefined ? [] : [{ where: 'end', path: ['instance'] }]),
  keeps: () => undefined,
  backlog({ connection: { brokers, sasl, tls }, end }, place): BacklogTrigger | string {
    if (sasl?.mechanism === 'oauthbearer') return 'the scaler asks for its own bearer token: write its trigger by hand';
    const [broker = '', ...others] = brokers;
    const [topic = '', ...topics] = end.topics;
    return {
      type: 'kafka',
      metadata: {
        ...(others.length > 0 && { bootstrapServers: brokers.join(',') }),
        ...(end.group === undefined && { consumerGroup: groupName(end, place) }),
        offsetResetPolicy: end.start === 'latest' ? 'latest' : 'earliest',
        ...(sasl !== undefined && { sasl: SASL[sasl.mechanism] ?? 'none' }),
        ...(tls !== undefined && { tls: 'enable' }),
      },
      threshold: 'lagThreshold',
      options: [
        ...(others.length === 0
          ? [{ name: 'bootstrapServers', value: broker, where: 'connection' as const, path: ['brokers', '0'] }]
          : []),
        ...(end.group === undefined
          ? []
          : [{ name: 'consumerGroup', value: end.group, where: 'end' as const, path: ['group'] }]),
        // Without a topic the scaler adds all topics of the group up.
        ...(topics.length === 0 ? [{ name: 'topic', value: topic, where: 'end' as const, path: ['topics', '0'] }] : []),
      ],
      parameters: [
        ...(sasl?.username === undefined ? [] : [at('username', 'sasl', sasl.username)]),
        ...(sasl?.password === undefined ? [] : [at('password', 'sasl')]),
        ...(tls?.ca === undefined ? [] : [at('ca', 'tls', tls.ca)]),
        ...(tls?.cert === undefined ? [] : [at('cert', 'tls', tls.cert)]),
        ...(tls?.key === undefined ? [] : [at('key', 'tls')]),
      ],
      notes: [
        'The lag of the group, by its commits. The scaler asks for no more instances than there are partitions: one beyond them has nothing to do.',
      ],
    };
  },
};
