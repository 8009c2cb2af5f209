import { type Case, UNDATED } from './case.ts';

/** Sites that must work alone, and services that want little. */
export const SITES: readonly Case[] = [
  {
    who: 'MachineMetrics, factory floors',
    source: {
      title: 'MachineMetrics: factory data from the edge to the cloud (case 3.C37, in Chinese)',
      publisher: 'tarrragon.github.io',
      year: UNDATED,
      url: 'https://tarrragon.github.io/blog/backend/03-message-queue/cases/nats-machinemetrics-edge-to-cloud/',
    },
    facts:
      'Hundreds of customer sites, thousands of machines, up to 1,000 samples a second of one; the network of a factory comes and goes. Leaf nodes with JetStream at the edge took the place of SQLite.',
    need: '{ message: event, rate: 5000/s, survives: crash, producers: { link: intermittent, bandwidth: 10Mbit/s, outage: 1h } }',
    end: 'producers',
    chose: 'jetstream',
    ours: 'jetstream',
    why: 'The site stores while its link is away, on its own disk.',
  },
  {
    who: 'PowerFlex, solar power and charging stations',
    source: {
      title: 'See how NATS solves Intermittent Connectivity at the Edge',
      publisher: 'Synadia',
      year: UNDATED,
      url: 'https://synadia.com/lp/rethink/nats-solves-intermittent-connectivity-at-edge-powerflex',
    },
    facts: 'Hundreds of leaf nodes, a bad link at most of them; what was to be sent must go out once the link is back.',
    need: '{ message: event, rate: 100/s, survives: crash, producers: { link: intermittent, outage: 10h } }',
    end: 'producers',
    chose: 'jetstream',
    ours: 'jetstream',
    why: 'As above.',
  },
  {
    who: 'A factory floor that must work without the cloud',
    source: {
      title: 'NATS Edge Messaging for Factory Floor with Disconnected Operation',
      publisher: 'Industrial Monitor Direct',
      year: UNDATED,
      url: 'https://industrialmonitordirect.com/blogs/knowledgebase/nats-edge-messaging-for-factory-floor-with-disconnected-operation',
    },
    facts:
      'The link fails two or three times a week, and an hour of it costs 10,000 dollars; Kafka was too heavy, MQTT too simple.',
    need: '{ message: event, rate: 2000/s, survives: crash, routing: true, producers: { link: intermittent } }',
    end: 'producers',
    chose: 'jetstream',
    ours: 'jetstream',
    why: 'As above. The source wants queues and requests beside it, which JetStream and core NATS have.',
  },
  {
    who: 'Form3, payments over several clouds',
    source: {
      title: 'GopherCon UK 2021: Using NATS for multi-cloud event streaming',
      publisher: 'Form3',
      year: '2021',
      url: 'https://www.form3.tech/blog/engineering/gophercon-nats',
    },
    facts:
      'Millions of payments a day; queues of a cloud had peaks of more than 300 ms; events go to several services in several clouds.',
    need: '{ message: event, rate: 500/s, latency: 100ms, readers: 3, survives: node-loss, consumers: { link: wan } }',
    end: 'consumers',
    chose: 'jetstream',
    ours: 'jetstream',
    why: 'Small rate, short time, several sites, nothing lost. The source ran NATS Streaming until then, and recommends JetStream.',
  },
  {
    who: 'A contact centre, live audio',
    source: {
      title: 'Talk proposal on core NATS for a real-time platform',
      publisher: 'FOSS United Bengaluru',
      year: '2026',
      url: 'https://fossunited.org/c/bengaluru/march-2026/cfp/7c4iauu3nt',
    },
    facts:
      'Audio and events that are worth nothing a moment later; one of several workers, all of them, or an answer; core NATS was chosen over JetStream, Kafka and RabbitMQ.',
    need: '{ message: event, latency: 10ms, replies: true, workers: true, order: none }',
    end: 'consumers',
    chose: 'nats',
    ours: 'nats',
    why: 'Nothing must survive, and every millisecond counts.',
  },
  {
    who: 'SENS, sensors of a network server',
    source: {
      title: 'ADR-0004: Internal Broker',
      publisher: 'SENS Platform Docs',
      year: UNDATED,
      url: 'https://docs.iot-sens.schlossers.at/technical/adr/adr-0004-internal-broker/',
    },
    facts:
      'A durable buffer between ingestion by MQTT and processing, with retry and isolation; RabbitMQ was weighed, and an event streaming system that is heavier to operate than needed.',
    need: '{ message: event, rate: 100/s, survives: crash, keep: 1d, producers: { on: mqtt } }',
    end: 'consumers',
    chose: 'jetstream',
    ours: 'jetstream',
    why: 'A short history on a small server, in the order of each sensor. The day of history is our reading of a durable buffer.',
  },
  {
    who: 'AuroraSOC, alerts between sites',
    source: {
      title: 'NATS JetStream & MQTT',
      publisher: 'AuroraSOC documentation',
      year: UNDATED,
      url: 'https://docs.aurorasoc.ahmeddwalid.me/ar/docs/developer/events/nats-mqtt',
    },
    facts:
      'Alerts, results and audit entries go from site to site and are kept for seven days; Kafka was compared by size and memory.',
    need: '{ message: event, rate: 10/s, keep: 7d, readers: 3, survives: crash, consumers: { link: wan } }',
    end: 'consumers',
    chose: 'jetstream',
    ours: 'jetstream',
    why: 'Small and spread over sites. A week of history speaks for Kafka, which is not enough.',
  },
];
