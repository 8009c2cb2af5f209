import type { BusScaling } from '#contract/scaling.ts';
import { queueOf } from './address-space.ts';
import type { RabbitConnection, RabbitFrom } from './options.ts';

export const scaling: BusScaling<RabbitConnection, RabbitFrom> = {
  undivided({ end: { type, shared } }) {
    if (type === 'stream') return 'each process reads the whole stream from the place in its own state folder';
    return shared ? undefined : 'one process reads the queue, and the others wait until it is gone';
  },
  ownOptions: () => [],
  keeps: ({ end }) => (end.type === 'stream' ? 'its position in the stream lies there' : undefined),
  backlog({ end }, place) {
    if (end.type === 'stream') return 'the server keeps no position of a reader over AMQP, so it knows of no backlog';
    return {
      type: 'rabbitmq',
      // Over AMQP the server counts only what nobody holds.
      metadata: { protocol: 'http', mode: 'QueueLength', queueName: queueOf(end, place) },
      threshold: 'value',
      ownSecret: { parameter: 'host', text: 'http://USER:PASSWORD@HOST:15672/VHOST, of the management API' },
      notes: ['The length of the queue: what is ready and what the pipeline holds.'],
    };
  },
};
