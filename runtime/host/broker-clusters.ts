import type { AccessBroker } from '#contract/access.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { busOf } from './catalog-of.ts';
import { asDriverOptions } from './end-options.ts';

/** Servers of one kind that some connections of a pipeline lead to. */
export interface BrokerCluster {
  readonly broker: AccessBroker;
  /** Names of servers, as `Bus.servers` gives them. */
  readonly servers: readonly string[];
}

/**
 * The clusters of a pipeline. Connections that have one server in common lead to the same one, also where one of them names
 * more of its servers: its users are in one configuration.
 */
export async function brokerClusters(pipeline: PipelineSpec, catalog: Catalog): Promise<readonly BrokerCluster[]> {
  let clusters: BrokerCluster[] = [];
  for (const { bus: name, options } of pipeline.connections.values()) {
    const bus = busOf(catalog, name);
    const access = await bus.access?.();
    if (access === undefined) continue;
    const servers = bus.servers(asDriverOptions(options));
    const isSame = ({ broker, servers: others }: BrokerCluster): boolean =>
      broker === access.broker && others.some((server) => servers.includes(server));
    const met = clusters.filter(isSame);
    const all = new Set([...met.flatMap((cluster) => cluster.servers), ...servers]);
    clusters = [...clusters.filter((one) => !met.includes(one)), { broker: access.broker, servers: [...all] }];
  }
  return clusters;
}
