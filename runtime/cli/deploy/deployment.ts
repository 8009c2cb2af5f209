import type { Catalog } from '#contract/catalog.ts';
import { busOf } from '../../host/catalog-of.ts';
import { asDriverOptions } from '../../host/end-options.ts';
import type { PipelineSpec } from '../../project/pipeline-spec.ts';
import { type Instances, instancesOf } from './instances.ts';
import { type NeededValues, neededValues, webUrls } from './needed-values.ts';

/** A server that the pipeline connects to. */
export interface NeededServer {
  /** The part of the pipeline file that names it: mostly a connection. */
  readonly connection: string;
  readonly host: string;
  readonly port: number;
}

/** What is to be known of a bundle to run it somewhere. Holds no value of this machine's environment or files. */
export interface Deployment extends NeededValues {
  /** Of the pipeline. */
  readonly name: string;
  /** Reference of the image. */
  readonly image: string;
  /** SHA-256 of the bundle. */
  readonly hash: string;
  readonly shutdownSeconds: number;
  readonly instances: Instances;
  readonly servers: readonly NeededServer[];
  /** Connections of which the file names no server: a variable without a default does. */
  readonly unknownServers: readonly string[];
  /** Folders of spools as written. */
  readonly spools: readonly string[];
  /** Bytes of bodies that all windows may hold. */
  readonly windowBytes: number;
}

export const ADMIN_PORT = 9464;
const WEB_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
/** After the messages in flight are finished the connections are closed and the state is made durable. */
const CLOSING_SECONDS = 10;

/** How long a supervisor waits for the process before it kills it. */
export function graceSeconds({ shutdownSeconds }: Pick<Deployment, 'shutdownSeconds'>): number {
  return shutdownSeconds + CLOSING_SECONDS;
}

/** The arguments of the bundle, state folder and admin port aside. */
export function runWords({ shutdownSeconds }: Deployment, state: string, admin: string): readonly string[] {
  return ['run', '--state', state, '--admin', admin, '--shutdown-timeout', `${shutdownSeconds}s`];
}

/** Options of Node for a bundle: it makes no code of strings. */
export const NODE_WORDS = ['--disallow-code-generation-from-strings'];

export interface DeploymentParts {
  /** Resolved without an environment: its values are the defaults of the file. */
  readonly spec: PipelineSpec;
  /** As written. */
  readonly document: unknown;
  readonly catalog: Catalog;
  readonly image: string | undefined;
  readonly hash: string;
  readonly shutdownSeconds: number;
}

export async function deploymentOf(parts: DeploymentParts): Promise<Deployment> {
  const { spec, document, catalog, image, hash, shutdownSeconds } = parts;
  const servers = new Map<string, NeededServer>();
  const unknown: string[] = [];
  const used = new Set(
    spec.routes.flatMap(({ from, sinks, deadLetter }) => [from, ...sinks, deadLetter.to].map((end) => end?.connection)),
  );
  for (const { name: connection, bus, options } of spec.connections.values()) {
    const driver = busOf(catalog, bus);
    // Without URLs a bus is within the process.
    if (!used.has(connection) || driver.urls === undefined) continue;
    const found = driver.servers(asDriverOptions(options)).flatMap((server) => serverOf(connection, server));
    if (found.length === 0) unknown.push(connection);
    for (const server of found) servers.set(`${server.host}:${server.port}`, server);
  }
  for (const { by, url } of webUrls(document)) {
    const { protocol, hostname, port } = URL.parse(url ?? '') ?? { protocol: '', hostname: '', port: '' };
    if (hostname === '') unknown.push(by);
    else {
      const host = hostname.replaceAll(/[[\]]/g, '');
      const number = port === '' ? (WEB_PORTS[protocol] ?? 0) : Number(port);
      servers.set(`${host}:${number}`, { connection: by, host, port: number });
    }
  }
  return {
    ...neededValues(document),
    name: spec.name,
    image: image ?? `${spec.name}:${hash.slice(0, 12)}`,
    hash,
    shutdownSeconds,
    instances: await instancesOf(spec, document, catalog),
    servers: [...servers.values()],
    unknownServers: unknown,
    spools: [...new Set(spec.routes.flatMap(({ spool }) => (spool?.at === undefined ? [] : [spool.at])))],
    windowBytes: spec.routes.reduce((sum, { from }) => sum + from.window.bytes, 0),
  };
}

/** Of a name made by `serverName`. */
function serverOf(connection: string, server: string): readonly NeededServer[] {
  const found = /^\S+ (?<host>.+):(?<port>\d+)$/.exec(server)?.groups;
  const host = found?.['host']?.replaceAll(/[[\]]/g, '');
  return host === undefined ? [] : [{ connection, host, port: Number(found?.['port']) }];
}
