import { type Case, UNDATED } from './case.ts';

/** Logs that many read, mostly of services. */
export const LOGS: readonly Case[] = [
  {
    who: 'Netflix, Keystone pipeline',
    source: {
      title: 'Evolution of the Netflix Data Pipeline',
      publisher: 'Netflix Technology Blog',
      year: '2016',
      url: 'https://netflixtechblog.com/evolution-of-the-netflix-data-pipeline-da246ca36905',
    },
    facts:
      '500 billion events a day, 8 million a second at the peak, several hundred streams, read by several systems.',
    need: '{ message: event, rate: 8000000/s, keep: 1d, readers: 3, survives: crash }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'The rate alone decides: only a log in partitions carries it.',
  },
  {
    who: 'LinkedIn, tracking, metrics and logs',
    source: {
      title: 'How Did LinkedIn Handle 7 Trillion Messages Daily With Apache Kafka?',
      publisher: 'Vu Trinh, Substack',
      year: UNDATED,
      url: 'https://vutr.substack.com/p/how-did-linkedin-handle-7-trillion',
    },
    facts:
      '7 trillion messages a day (some 80 million a second), 100 clusters, 100,000 topics; many teams read the same.',
    need: '{ message: event, rate: 80000000/s, keep: 3d, readers: 10, survives: node-loss }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'As Netflix.',
  },
  {
    who: 'PayPal, tracking and metrics',
    source: {
      title: 'How PayPal Scaled Kafka to 1.3 Trillion Messages a Day',
      publisher: 'Quastor',
      year: UNDATED,
      url: 'https://blog.quastor.org/p/paypal-scaled-kafka-13-trillion-messages-day',
    },
    facts: '1.3 trillion messages a day: synchronising databases, metrics and logs, batch processing.',
    need: '{ message: event, rate: 15000000/s, keep: 1d, readers: 4, survives: node-loss }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'As Netflix.',
  },
  {
    who: 'Uber, driver injury protection',
    source: {
      title: 'Building Reliable Reprocessing and Dead Letter Queues with Apache Kafka',
      publisher: 'Uber Engineering',
      year: '2018',
      url: 'https://www.uber.com/blog/reliable-reprocessing/',
    },
    facts:
      'Each trip leads to a payment and to a record for analytics. Kafka is there already. Failures are tried again beside the stream.',
    need: '{ message: event, readers: 2, survives: node-loss, order: key }',
    have: ['kafka'],
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'What is operated already counts, and two groups read the same. The source builds retry topics and dead letters by hand, which a bridge has.',
  },
  {
    who: 'Uber, asynchronous queues between services',
    source: {
      title: 'Enabling Seamless Kafka Async Queuing with Consumer Proxy',
      publisher: 'Uber Engineering',
      year: '2021',
      url: 'https://www.uber.com/en-MM/blog/kafka-async-queuing-with-consumer-proxy',
    },
    facts:
      'Tasks without order, with slow and poisonous ones among them, on the Kafka that is there; a proxy hands them out in parallel and acknowledges them one by one.',
    need: '{ message: task, workers: true, order: none, survives: crash }',
    have: ['kafka'],
    end: 'consumers',
    chose: 'kafka',
    ours: 'rabbitmq',
    why: 'The proxy exists because a log is no queue: its figures are a non-uniform processing time, poison pills and acknowledgements out of order. A company with Kafka for everything may still be right to build it; whoever does not has a queue.',
  },
  {
    who: 'Cloudflare, message bus between teams',
    source: {
      title: 'Using Apache Kafka to process 1 trillion inter-service messages',
      publisher: 'Cloudflare blog',
      year: '2022',
      url: 'https://blog.cloudflare.com/using-apache-kafka-to-process-1-trillion-messages',
    },
    facts:
      'Creation, change and deletion of resources; a trillion messages in about eight years; services decoupled, fault tolerant, in several data centres.',
    need: '{ message: event, rate: 5000/s, readers: 5, survives: node-loss, keep: 7d }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'Many groups, each with its own place, a history of days (a week is our guess), and the loss of a server.',
  },
  {
    who: 'The New York Times, log of all that was published',
    source: {
      title: 'Publishing with Apache Kafka at The New York Times',
      publisher: 'Confluent blog',
      year: '2017',
      url: 'https://confluent.io/blog/publishing-apache-kafka-new-york-times',
    },
    facts:
      'Every article since 1851, kept for good, in one order; each system that shows content reads the log again from its beginning.',
    need: '{ message: record, rate: 10/s, keep: forever, order: all, readers: 5, survives: node-loss }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'Kept for good is where Kafka leads, although one partition and so few messages speak against it. JetStream is close; it came four years later.',
  },
  {
    who: 'Slack, job queue',
    source: {
      title: "Scaling Slack's Job Queue",
      publisher: 'Slack Engineering',
      year: '2017',
      url: 'https://slack.engineering/scaling-slacks-job-queue/',
    },
    facts:
      '1.4 billion jobs a day, 33,000 a second at the peak, from milliseconds to minutes each. Redis ran out of memory; Kafka now stands before it as the durable store.',
    need: '{ message: task, rate: 33000/s, workers: true, order: none, survives: crash }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'jetstream',
    why: 'Here Kafka is the durable buffer, and the workers still take their jobs from a queue in Redis. A work queue of JetStream is both in one; it did not exist in 2017. One RabbitMQ queue is near its limit at this rate.',
  },
];
