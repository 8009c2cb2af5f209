import type { IncomingHttpHeaders } from 'node:http';

/** What a resource answers. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A stream of server-sent events. `begin` is called once the head is sent; it returns what ends the stream. */
export interface EventStream {
  readonly begin: (send: (text: string) => void, reader: StreamReader) => () => void;
}

/** Who reads a stream. */
export interface StreamReader {
  /** It has not read yet what was sent: what changes meanwhile is sent in one piece later. */
  readonly isBehind: () => boolean;
  /** Ends the stream and reports why. */
  readonly fail: (thrown: unknown) => void;
}

/** A request whose host, method, size and rights were checked. */
export interface AdminRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of a POST. */
  readonly form: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly visitor: Visitor;
}

/** Who asks. */
export interface Visitor {
  /**
   * `anyone`: no token is set. `stranger`: one is, and the request lacks it. `bearer`: the token came with the request itself, which no page
   * of another origin can do.
   */
  readonly by: 'anyone' | 'stranger' | 'session' | 'bearer';
  /** What a form of this visitor must send back: no page of another origin knows it. */
  readonly csrf: string;
}

/** One path of the admin port. */
export interface Resource {
  /** Whether it needs no token: probes, assets, the login. */
  readonly isOpen?: boolean;
  readonly get?: (request: AdminRequest) => Answer | EventStream | Promise<Answer | EventStream>;
  readonly post?: (request: AdminRequest) => Answer | Promise<Answer>;
}

const PLAIN = 'text/plain; charset=utf-8';

export function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: PLAIN, body: `${text}\n`, headers };
}

export function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 303, type: PLAIN, body: '', headers: { ...headers, location } };
}
