import type { AccessUser, BusAccess, Identity, Needs } from '#contract/access.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { ConnectionSpec, PipelineSpec } from '../project/pipeline-spec.ts';
import { type BrokerCluster, brokerClusters } from './broker-clusters.ts';
import { busOf } from './catalog-of.ts';
import { asDriverOptions, endOptions } from './end-options.ts';
import { type RouteEnd, routeEnds } from './route-ends.ts';

/** The users of one cluster of brokers that a pipeline needs. */
export interface AccessPlan extends BrokerCluster {
  /** Names of connections of the pipeline file. */
  readonly connections: readonly string[];
  readonly users: readonly AccessUser[];
}

interface Grown {
  readonly name: string;
  readonly connections: Set<string>;
  readonly connection: object;
  readonly identity: Set<string>;
  readonly needs: Needs[];
}

/** All rights that a checked pipeline needs, by broker and user. Connections without users (the memory bus) are left out. */
export async function accessPlans(pipeline: PipelineSpec, catalog: Catalog): Promise<readonly AccessPlan[]> {
  const clusters = await brokerClusters(pipeline, catalog);
  const plans = new Map<BrokerCluster, Map<string, Grown>>();
  for (const route of pipeline.routes) {
    for (const routeEnd of routeEnds(pipeline, route, catalog)) {
      const { end } = routeEnd;
      const connection = pipeline.connections.get(end.connection);
      const bus = busOf(catalog, end.bus);
      const access = await bus.access?.();
      if (connection === undefined || access === undefined) continue;
      const identity = access.identity(asDriverOptions(connection.options));
      const servers = bus.servers(asDriverOptions(connection.options));
      const cluster = clusters.find(
        ({ broker, servers: all }) => broker === access.broker && servers.every((server) => all.includes(server)),
      );
      if (cluster === undefined) continue;
      const found = plans.get(cluster) ?? new Map<string, Grown>();
      plans.set(cluster, found);
      const user = grown(found, identity, { pipeline: pipeline.name, connection });
      user.connections.add(connection.name);
      for (const note of identity.notes) user.identity.add(`connection ${connection.name}: ${note}`);
      user.needs.push(needsOf(pipeline, routeEnd, access));
    }
  }
  return [...plans].map(([cluster, users]) => ({
    ...cluster,
    connections: [...new Set([...users.values()].flatMap(({ connections }) => [...connections]))],
    users: [...users.values()].map(asUser),
  }));
}

/** The user of that identity. Those without a name are called after the pipeline, and from the second on after their connection too. */
function grown(
  users: Map<string, Grown>,
  { name, secret }: Identity,
  { pipeline, connection }: { readonly pipeline: string; readonly connection: ConnectionSpec },
): Grown {
  const key = JSON.stringify([name, secret]);
  const known = users.get(key);
  if (known !== undefined) return known;
  const taken = new Set([...users.values()].map((user) => user.name));
  const made: Grown = {
    name: name ?? (taken.has(pipeline) ? `${pipeline}-${connection.name}` : pipeline),
    connections: new Set(),
    connection: connection.options,
    identity: new Set(),
    needs: [],
  };
  users.set(key, made);
  return made;
}

function asUser({ name, connections, connection, identity, needs }: Grown): AccessUser {
  return {
    name,
    identity: [...identity],
    connections: [...connections],
    connection,
    rights: needs.flatMap(({ rights }) => rights),
    notes: [...new Set(needs.flatMap(({ notes }) => notes))],
  };
}

/** The rights of one end; the reason of each names route and end. */
export function needsOf(pipeline: PipelineSpec, { route, end, what, place }: RouteEnd, access: BusAccess): Needs {
  const options = endOptions(pipeline, end);
  const { rights, notes } = place.direction === 'source' ? access.source(options, place) : access.sink(options, place);
  return { rights: rights.map((right) => ({ ...right, why: `route ${route}, ${what}: ${right.why}` })), notes };
}
