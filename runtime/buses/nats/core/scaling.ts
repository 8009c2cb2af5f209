import type { BusScaling } from '#contract/scaling.ts';
import type { NatsConnectionOptions } from '../options.ts';
import type { CoreFrom } from './options.ts';

export const scaling: BusScaling<NatsConnectionOptions, CoreFrom> = {
  undivided: ({ end }) =>
    end.queue === undefined
      ? 'each process gets every message: queue, a group, lets them divide the messages'
      : undefined,
  ownOptions: () => [],
  keeps: () => undefined,
  backlog: () => 'core NATS stores nothing, so nothing waits there',
};
