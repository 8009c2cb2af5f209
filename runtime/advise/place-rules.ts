import { BUSES, isNarrow, isOffAndOn, survivesAtLeast } from './needs.ts';
import type { Rule } from './rule.ts';

const MANY = 1000;
const SOME = 10;

/** What the place of an end asks for: its devices, its link, what is there already. */
export const PLACE_RULES: readonly Rule[] = [
  {
    where: `${MANY.toLocaleString('en-US')} devices or more connect by themselves`,
    holds: ({ side }) => side.devices >= MANY,
    mqtt: [5, 'MQTT is made for many small clients: a topic for each, a session that waits, a last will'],
    nats: [1, 'NATS takes many clients cheaply, but keeps nothing for one that is away'],
    jetstream: [-1, 'each device would need a consumer of its own on the server'],
    kafka: ['never', 'a Kafka client speaks with every server of the cluster: no protocol for a fleet of devices'],
    rabbitmq: [-3, 'each device would need a connection and a queue of its own, which cost the server memory'],
  },
  {
    where: `${SOME} to ${MANY - 1} devices connect by themselves`,
    holds: ({ side }) => side.devices >= SOME && side.devices < MANY,
    mqtt: [3, 'MQTT is what devices speak: small clients, sessions, a last will'],
    nats: [1, 'NATS has small clients too'],
    kafka: [-4, 'a Kafka client is large, and must reach every server of the cluster'],
    rabbitmq: [-1, 'AMQP clients are larger than those of MQTT, and each needs a queue'],
  },
  {
    where: 'the link is a WAN',
    holds: ({ side }) => side.link === 'wan',
    mqtt: [1, 'one connection, few bytes, a session that survives a change of network'],
    nats: [1, 'leaf nodes and gateways are made for several sites'],
    jetstream: [1, 'leaf nodes, mirrors and sources are made for several sites'],
    kafka: [-1, 'clients must reach every server, and replicas that are far away are slow'],
  },
  {
    where: 'the link goes away and comes back',
    holds: ({ side }) => isOffAndOn(side),
    mqtt: [2, 'a session waits for its client, and reconnecting costs few packets'],
    nats: [-2, 'what is published while the link is away is lost'],
    jetstream: [3, 'a stream at the site stores while the link is away, and goes on where it stopped'],
    kafka: [-4, 'Kafka at a site is a cluster at a site; over the link its clients time out'],
    rabbitmq: [-1, 'shovels go on after an outage, but a queue at the site grows until an alarm stops its publishers'],
  },
  {
    where: 'the link carries 64 kbit/s or less',
    holds: ({ side }) => isNarrow(side),
    mqtt: [3, 'a publish has a head of a few bytes; a topic alias makes it smaller'],
    nats: [1, 'the protocol is short text'],
    jetstream: [-2, 'headers, acknowledgements and heartbeats of consumers take part of the link'],
    kafka: ['never', 'metadata, fetches and heartbeats alone can fill the link'],
    rabbitmq: [-3, 'frames of AMQP, confirms and heartbeats take part of the link'],
  },
  {
    where: 'the link goes away, and what is confirmed must survive a crash at the site',
    holds: ({ side, need }) => isOffAndOn(side) && survivesAtLeast(need, 'crash'),
    mqtt: [-2, 'a broker may confirm what is in its memory only: a crash at the site loses the backlog'],
    jetstream: [2, 'what the site has stored is on its disk while the link is away'],
    rabbitmq: [1, 'a durable queue at the site is on its disk'],
  },
  ...BUSES.map((bus): Rule => ({
    where: `you operate ${bus} already`,
    holds: ({ have }) => have.includes(bus),
    [bus]: [3, 'you operate it already: one system less to learn, to watch and to secure'],
  })),
];
