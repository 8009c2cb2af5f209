import type { BusScaling } from '#contract/scaling.ts';
import { servers } from '../address-space.ts';
import { durableName } from './consumer-names.ts';
import type { JetStreamConnectionOptions, JetStreamFrom } from './options.ts';

const MONITORING_PORT = 8222;

export const scaling: BusScaling<JetStreamConnectionOptions, JetStreamFrom> = {
  undivided: () => 'two readers of one durable consumer set each other back',
  ownOptions: () => [],
  keeps: () => undefined,
  backlog({ connection, end }, { pipeline, route }) {
    const [server] = servers(connection);
    const host = server?.replace(/^nats /, '').replace(/:\d+$/, '') ?? '';
    return {
      type: 'nats-jetstream',
      metadata: {
        natsServerMonitoringEndpoint: `${host}:${MONITORING_PORT}`,
        account: '$G',
        stream: end.stream,
        consumer: end.durable ?? durableName(pipeline, route),
      },
      threshold: 'lagThreshold',
      notes: [
        'What waits and what the pipeline holds: num_pending + num_ack_pending of its durable consumer.',
        `The scaler reads the monitoring port of the server (${MONITORING_PORT} unless its configuration says otherwise), not the port of the pipeline. Where the server has accounts, name that of the pipeline.`,
      ],
    };
  },
};
