import type { AccessPlace, AccessUser, BusAccess, Identity, Needs } from '#contract/access.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { AddressPattern } from '#contract/reach.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { ConnectionSpec, PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { patternOfTemplate } from '../template/template-pattern.ts';
import { type BrokerCluster, brokerClusters } from './broker-clusters.ts';
import { busOf } from './catalog-of.ts';
import { asDriverOptions, endOptions } from './end-options.ts';
import { sinkName } from '../engine/sink-name.ts';

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
    for (const { end, needs } of endsOf(pipeline, route, catalog)) {
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
      user.needs.push(needs(access));
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

interface EndNeeds {
  readonly end: { readonly connection: string; readonly bus: string };
  readonly needs: (access: BusAccess) => Needs;
}

function endsOf(pipeline: PipelineSpec, route: RouteSpec, catalog: Catalog): readonly EndNeeds[] {
  const { from, sinks, deadLetter } = route;
  const { oneAtATime } = CLASSES[route.class];
  const place = (
    direction: AccessPlace['direction'],
    addresses: readonly AddressPattern[],
    name = route.name,
  ): AccessPlace => ({
    pipeline: pipeline.name,
    route: name,
    direction,
    isFenced: oneAtATime && direction !== 'dead-letters',
    addresses,
  });
  const named = (what: string, { rights, notes }: Needs): Needs => ({
    rights: rights.map((right) => ({ ...right, why: `route ${route.name}, ${what}: ${right.why}` })),
    notes,
  });
  const ends: EndNeeds[] = [
    {
      end: from,
      needs: (access) => named('source', access.source(endOptions(pipeline, from), place('source', []))),
    },
    ...sinks.map((to, at) => ({
      end: to,
      needs(access: BusAccess): Needs {
        const addresses = addressesOf(pipeline, route, to, catalog);
        return named('sink', access.sink(endOptions(pipeline, to), place('sink', addresses, sinkName(route.name, at))));
      },
    })),
  ];
  const letters = deadLetter.to;
  if (letters === undefined) return ends;
  const needs = (access: BusAccess): Needs => {
    const addresses = addressesOf(pipeline, route, letters, catalog);
    return named('dead letters', access.sink(endOptions(pipeline, letters), place('dead-letters', addresses)));
  };
  return [...ends, { end: letters, needs }];
}

/** The addresses that a sink's template can make of what the source reads. */
function addressesOf(
  pipeline: PipelineSpec,
  route: RouteSpec,
  to: { readonly bus: string; readonly address: string },
  catalog: Catalog,
): readonly AddressPattern[] {
  const source = busOf(catalog, route.from.bus);
  const target = busOf(catalog, to.bus).grammar;
  const reaches = source.reads(endOptions(pipeline, route.from), { pipeline: pipeline.name, route: route.name });
  return reaches.flatMap((reach) => {
    const addresses = reach.addresses ?? reach.filter;
    const made = patternOfTemplate(to.address, { route: route.name, source: source.grammar, target, addresses });
    return made === undefined ? [] : [made];
  });
}
