import { type Case, UNDATED } from './case.ts';

/** Work for one of several, and what is compared with it. */
export const QUEUES: readonly Case[] = [
  {
    who: 'Instagram, delivery of feeds',
    source: {
      title: 'Celery Messaging at Scale at Instagram (notes of a talk by Rick Branson)',
      publisher: 'lc0.github.io',
      year: '2013',
      url: 'http://lc0.github.io/blog/2013/05/01/celery-messaging-at-scale-at-instagram/',
    },
    facts:
      'Tasks for workers, with priority, retry and safety against crashes; after Gearman came RabbitMQ with Celery.',
    need: '{ message: task, workers: true, order: none, survives: crash, routing: true }',
    end: 'consumers',
    chose: 'rabbitmq',
    ours: 'rabbitmq',
    why: 'Tasks for workers, with priority: a queue.',
  },
  {
    who: 'CloudAMQP, own microservices',
    source: {
      title: 'A microservice architecture built upon RabbitMQ',
      publisher: 'CloudAMQP blog',
      year: '2017',
      url: 'https://www.cloudamqp.com/blog/2017-01-03-a-microservice-architecture-built-upon-rabbitmq.html',
    },
    facts:
      'Services in several languages take the events that they listen for; a message waits until its service is ready, and is tried again.',
    need: '{ message: task, rate: 50/s, workers: true, routing: true, survives: crash, order: none }',
    end: 'consumers',
    chose: 'rabbitmq',
    ours: 'rabbitmq',
    why: 'Routing and retry of single messages. The publisher sells RabbitMQ, so it is no neutral witness.',
  },
  {
    who: 'Bloomberg, market data requests',
    source: {
      title: 'Keynote: Growing a Farm of Rabbits To Scale Financial Apps',
      publisher: 'CloudAMQP blog, RabbitMQ Summit',
      year: '2019',
      url: 'https://www.cloudamqp.com/blog/2019-12-10-growing-a-farm-of-rabbits.html',
    },
    facts:
      'A platform for many teams; one of them serves billions of requests a day on microservices with RabbitMQ between.',
    need: '{ message: task, rate: 50000/s, workers: true, routing: true, replies: true, order: none, survives: crash }',
    end: 'consumers',
    chose: 'rabbitmq',
    ours: 'rabbitmq',
    why: 'Requests, workers and routing. At this rate it takes many queues, which our rules count against it and the source does as well.',
  },
  {
    who: 'Wunderlist, changes of lists',
    source: {
      title: "What it's like to bet your entire startup on Rabbit",
      publisher: 'CloudAMQP blog, RabbitMQ Summit',
      year: '2018',
      url: 'https://www.cloudamqp.com/blog/2018-12-10-what-its-like-to-bet-your-entire-startup-on-rabbit.html',
    },
    facts: 'Each change of a list must be everywhere within five seconds; a good event bus is needed for that.',
    need: '{ message: event, rate: 500/s, latency: 5s, readers: 3, survives: crash }',
    end: 'consumers',
    chose: 'rabbitmq',
    ours: 'jetstream',
    why: 'Several groups read each change (three is our reading), each list in order: a stream stores it once, queues store it once a group. JetStream did not exist then. Where services bind by patterns and order does not matter, RabbitMQ is one point behind.',
  },
  {
    who: 'A queue for images, documents and web hooks',
    source: {
      title: 'Distributed Task Queue',
      publisher: 'Malav Gajera',
      year: UNDATED,
      url: 'https://malavgajera.is-a.dev/projects/distributed-task-queue',
    },
    facts:
      'Jobs, not events: priority, dead letters and a well-known way to operate it spoke for RabbitMQ, against Kafka and SQS.',
    need: '{ message: task, rate: 100/s, workers: true, routing: true, order: none, survives: crash }',
    end: 'consumers',
    chose: 'rabbitmq',
    ours: 'rabbitmq',
    why: 'The source weighs the same points.',
  },
  {
    who: 'Robinhood, logs before they are searched',
    source: {
      title: 'How Robinhood Built Their Data Pipeline with Amazon Redshift',
      publisher: 'Integrate.io',
      year: UNDATED,
      url: 'https://www.integrate.io/blog/how-robinhood-built-their-data-pipeline-with-amazon-redshift/',
    },
    facts:
      'Logs come at rates that differ much; Kafka buffers them before three clusters with 15 TB, and shields these from failures.',
    need: '{ message: event, rate: 20000/s, keep: 2d, readers: 2, survives: crash }',
    end: 'consumers',
    chose: 'kafka',
    ours: 'kafka',
    why: 'A buffer that is read again after a failure. The rate is our guess; the source has none.',
  },
];
