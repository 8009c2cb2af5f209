import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { type Answer, type EventStream, plain, type Resource, seeOther, type Visitor } from './answer.ts';
import { BoundedConnections, writeBounded } from './bounded-connections.ts';
import { FormError, readForm } from './read-form.ts';
import { GuardedToken } from './guarded-token.ts';
import { loginResources } from './login.ts';
import { isLoopback, NamedHosts } from './named-hosts.ts';
import { Visitors } from './visitors.ts';

export interface AdminAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Further names under which it may be called, behind a proxy. */
  readonly names?: readonly string[];
  /** Who reaches another address than this machine's own must have it. */
  readonly token?: string | undefined;
}

export interface AdminSettings extends AdminAddress {
  /** By path. A path that ends with `/` is that of everything below it. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** A resource has failed. */
  readonly onFault?: (path: string, text: string) => void;
}

/** The HTTP server for operators, probes and metrics. */
export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

const LIMITS = {
  // Of the request line and all headers.
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
} as const;
/** A connection on which nothing moves: streams say something more often. */
const IDLE_MS = 60_000;
const HEARTBEAT_MS = 15_000;

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  // Under no-referrer a browser sends `Origin: null` with the forms of the page itself.
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** Rejects with ADMIN_TOKEN where another machine could reach it without one, with ADMIN_UNUSABLE when it cannot listen there. */
export async function serveAdmin(settings: AdminSettings): Promise<Admin> {
  const { host, port, token } = settings;
  if (token === undefined && !isLoopback(host)) {
    throw new SluiceError(
      'ADMIN_TOKEN',
      `expected a token for --admin ${host}:${port}, which other machines can reach, found none`,
    );
  }
  const server = createServer(LIMITS);
  server.maxRequestsPerSocket = 1000;
  server.setTimeout(IDLE_MS);
  const connections = new BoundedConnections(server);
  const desk = new Desk(settings, connections);
  server.on('request', (request, response) => {
    if (connections.takes(request, response)) desk.answer(request, response).catch(() => response.destroy());
  });
  await listening(server, settings);
  const address = server.address();
  const actual = typeof address === 'object' ? address?.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, { host, port }: AdminAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays registered: a later error of the server must not end the process.
    server.on('error', ({ message }) => {
      reject(new SluiceError('ADMIN_UNUSABLE', `expected --admin ${host}:${port} to be free, found ${message}`));
    });
    server.listen(port, host, resolve);
  });
}

/** Decides about each request, in the order of the checks: host, path, right, method, size, origin. */
class Desk {
  readonly #settings: AdminSettings;
  readonly #connections: BoundedConnections;
  readonly #hosts: NamedHosts;
  readonly #visitors: Visitors;
  readonly #logins: ReadonlyMap<string, Resource>;

  constructor(settings: AdminSettings, connections: BoundedConnections) {
    const { host, names = [], token } = settings;
    this.#settings = settings;
    this.#connections = connections;
    this.#hosts = new NamedHosts(host, names);
    this.#visitors = new Visitors(token === undefined ? undefined : new GuardedToken(token));
    this.#logins = loginResources(this.#visitors);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // No URL parser: it throws on invalid requests.
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
    let answer: Answer | EventStream;
    try {
      answer = await this.#judged(request, path, new URLSearchParams(query));
    } catch (thrown) {
      this.#settings.onFault?.(path, messageOf(thrown));
      answer = plain(500, 'The page could not be made. The log says why.');
    }
    if ('begin' in answer) return this.#stream(request, response, answer, path);
    const { status, type, body, headers } = answer;
    // What is left of a refused body is not read.
    if (!request.complete) response.shouldKeepAlive = false;
    response.writeHead(status, {
      ...SECURITY_HEADERS,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? '' : body);
  }

  #judged(
    request: IncomingMessage,
    path: string,
    query: URLSearchParams,
  ): Answer | EventStream | Promise<Answer | EventStream> {
    const { headers, method = '' } = request;
    if (!this.#hosts.allows(headers.host)) {
      return plain(421, 'Misdirected: this host name is not one of the admin port. See --admin-host.');
    }
    const resource = this.#resource(path);
    const visitor = this.#visitors.visitor(headers, Date.now());
    if (visitor === undefined && resource?.isOpen !== true) return stranger(request);
    if (resource === undefined) return plain(404, 'There is no such page. /, /livez, /readyz and /metrics are there.');
    const { get, post } = resource;
    const allowed = [...(get === undefined ? [] : ['GET', 'HEAD']), ...(post === undefined ? [] : ['POST'])];
    if (!allowed.includes(method)) {
      return plain(405, `This page knows ${allowed.join(', ')}.`, { allow: allowed.join(', ') });
    }
    const who = visitor ?? { by: 'stranger', csrf: '' };
    if (method === 'POST' && post !== undefined)
      return this.#posted(request, { path, query, post, who, isOpen: resource.isOpen === true });
    const asked = { method: 'GET', path, query, form: new URLSearchParams(), headers, visitor: who } as const;
    return get?.(asked) ?? plain(404, 'There is no such page.');
  }

  async #posted(request: IncomingMessage, { path, query, post, who, isOpen }: Posted): Promise<Answer> {
    const { headers } = request;
    if (!this.#hosts.isSameOrigin(headers))
      return plain(403, 'Refused: the request came from a page of another origin.');
    try {
      const form = await readForm(request);
      if (!isOpen && !this.#visitors.mayAct(who, headers, form)) {
        return plain(403, 'Refused: the form is not one of this page, or is too old. Load the page again.');
      }
      return await post({ method: 'POST', path, query, form, headers, visitor: who });
    } catch (thrown) {
      if (thrown instanceof FormError) return plain(thrown.status, thrown.message);
      throw thrown;
    }
  }

  #resource(path: string): Resource | undefined {
    const { resources } = this.#settings;
    const below = path.slice(0, path.lastIndexOf('/') + 1);
    return resources.get(path) ?? this.#logins.get(path) ?? (below === '/' ? undefined : resources.get(below));
  }

  #stream(
    { socket, method, headers }: IncomingMessage,
    response: ServerResponse,
    { begin }: EventStream,
    path: string,
  ): void {
    // Another answer of the connection is not ended yet: what waits behind it would be held without a bound.
    if (response.socket === null) return void socket.destroy();
    response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
    if (method === 'HEAD') return void response.end();
    this.#connections.streams(socket);
    response.flushHeaders();
    const send = (text: string): void => writeBounded(socket, text, (part) => response.write(part));
    const end = begin(send, {
      isBehind: () => response.writableLength > 0,
      fail: (thrown) => {
        this.#settings.onFault?.(path, messageOf(thrown));
        socket.destroy();
      },
    });
    const heartbeat = setInterval(() => {
      // Who has left, or whose time is over, reads no further.
      if (this.#visitors.visitor(headers, Date.now()) === undefined) socket.destroy();
      else send(': still here\n\n');
    }, HEARTBEAT_MS);
    heartbeat.unref();
    response.once('close', () => {
      clearInterval(heartbeat);
      end();
    });
  }
}

interface Posted {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly post: NonNullable<Resource['post']>;
  readonly who: Visitor;
  readonly isOpen: boolean;
}

/** A browser is led to the form, everything else is told of the header. */
function stranger({ headers, method }: IncomingMessage): Answer {
  if (method === 'GET' && headers.accept?.includes('text/html') === true) return seeOther('/login');
  return plain(401, 'Needs the token of the admin port: Authorization: Bearer TOKEN.', {
    'www-authenticate': 'Bearer realm="sluice"',
  });
}
