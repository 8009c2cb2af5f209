import type { ReachableBus } from './all.ts';
import type { OwnEndpoint } from './test-bus.ts';

/** A bus and an endpoint of it that runs. */
export interface Started {
  readonly bus: string;
  readonly endpoint: OwnEndpoint;
}

/** Starts one server for each bus, when it is first wanted. They end with `servers`. */
export function startedOnce(servers: AsyncDisposableStack): (bus: ReachableBus) => Promise<Started> {
  const starting = new Map<string, Promise<Started>>();
  const start = async ({ name, endpoints }: ReachableBus): Promise<Started> => ({
    bus: name,
    endpoint: servers.use(await endpoints.start()),
  });
  return (bus) => {
    const found = starting.get(bus.name) ?? start(bus);
    starting.set(bus.name, found);
    return found;
  };
}
