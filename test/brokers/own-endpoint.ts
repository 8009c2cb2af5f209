import type { Broker } from '../harness/broker.ts';
import { FRAMES } from '../harness/frames.ts';
import { type Link, startLink, type Watch } from '../harness/link.ts';
import type { Endpoint, OwnEndpoint, Side, StartOptions } from './test-bus.ts';

type Links = Readonly<Record<Side, Link>>;

/** What one kind of server adds to its endpoint. */
export interface Own extends Pick<OwnEndpoint, 'restart' | 'unread' | 'block' | 'unblock' | 'alarm'> {
  readonly isStamped?: boolean;
  /** Watches the link of each side. */
  readonly watch?: Readonly<Record<Side, Watch>>;
}

/** A server of the test's own that is reached by a URL, and a link to it for each side. */
export async function ownEndpoint<Server extends Broker>(
  starting: Promise<Server>,
  endpointOf: (server: Server) => Endpoint,
  ownOf: (server: Server) => Own,
  { heartbeats = false }: StartOptions = {},
): Promise<OwnEndpoint> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await starting);
  const { watch, ...own } = ownOf(server);
  const { protocol } = new URL(server.url);
  const link = async (side: Side): Promise<Link> => {
    const options = { ...(heartbeats && { frames: FRAMES[protocol] }), ...(watch && { watch: watch[side] }) };
    return stack.use(await startLink(server.port, server.host, options));
  };
  const links: Links = { source: await link('source'), sink: await link('sink') };
  const endpoint = endpointOf(server);
  const held = stack.move();
  return {
    isStamped: false,
    ...endpoint,
    ...own,
    server,
    links,
    through: (side) => ({ ...endpoint.direct, url: `${protocol}//127.0.0.1:${links[side].port}` }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
