import { Socket } from 'node:net';
import { SluiceError } from '#contract/errors.ts';
import { propertyOf } from './property.ts';

/** Bytes that are collected before they leave within a turn: the write of so many costs the kernel more than the call. */
const CHUNK_BYTES = 65_536;
/** The most bytes of a character in UTF-8, for one UTF-16 unit. */
const MOST_BYTES = 3;
const VERSION = 'NATS/1.0\r\n';
const CRLF = '\r\n';
const HEAD_BYTES = VERSION.length + CRLF.length;
const CR = 13;
const LF = 10;
const PUB = Buffer.from('PUB ');
const NO_BYTES: Uint8Array = new Uint8Array();
/** More than two lengths written again in more digits, and the last line break. */
const SPARE_BYTES = 64;

/** The parts of a connection that are looked at: what its server takes. */
export interface Served {
  readonly info?: { readonly max_payload: number; readonly headers?: boolean };
}

/** The parts of the client's protocol handler that send. The client has no public call for a command that is encoded already. */
export interface Protocol {
  readonly outbound: { size(): number };
  sendCommand(bytes: Uint8Array): void;
  flushPending(): void;
}

/** An answer to a message, encoded with its length: the end of a command. */
export function answerBytes(body: string): Uint8Array {
  return Buffer.from(` ${Buffer.byteLength(body)}${CRLF}${body}${CRLF}`);
}

/**
 * Publishes on one connection. A command is encoded once, into the buffer from which it is written: the client's own
 * `publish` makes four arrays of each message and copies all of them twice. The commands of one turn of the event loop leave
 * together at its end, or as soon as a chunk is full. The buffer is used again once the kernel has its bytes.
 */
export class Publisher {
  readonly #connection: Served;
  readonly #protocol: Protocol;
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  /** The pending bytes of the chunk. */
  #from = 0;
  #to = 0;
  #flushing: NodeJS.Immediate | undefined;

  constructor(connection: Served, protocol: Protocol) {
    this.#connection = connection;
    this.#protocol = protocol;
  }

  /**
   * Publishes at the end of this turn, at the latest. `headers`: lines, each with its CR LF; '' where there are none. `more`: further
   * lines, encoded already. Throws SINK_TOO_LARGE or SINK_UNWRITABLE. To be called while the connection is up: otherwise the
   * message is lost.
   */
  publish(subject: string, reply: string | undefined, headers: string, body: Uint8Array, more = NO_BYTES): void {
    const { max_payload: most, headers: takesHeaders } = this.#connection.info ?? {};
    const hasHeaders = headers !== '' || more.length > 0;
    if (hasHeaders && takesHeaders === false) {
      throw new SluiceError('SINK_UNWRITABLE', 'the server takes no headers: it is older than NATS 2.2');
    }
    const to = reply === undefined ? subject : `${subject} ${reply}`;
    // Most headers are ASCII: then their bytes are their characters.
    let headerBytes = hasHeaders ? headers.length + more.length + HEAD_BYTES : 0;
    const text = command(to, headers, headerBytes, body.length);
    const at = this.#reserve(text.length * MOST_BYTES + more.length + body.length + SPARE_BYTES);
    let end = at + this.#chunk.write(text, at);
    if (hasHeaders && end - at !== text.length) {
      headerBytes = Buffer.byteLength(headers) + more.length + HEAD_BYTES;
      end = at + this.#chunk.write(command(to, headers, headerBytes, body.length), at);
    }
    const bytes = headerBytes + body.length;
    if (most !== undefined && bytes > most) {
      throw new SluiceError('SINK_TOO_LARGE', `${bytes} bytes with headers, and the server's max_payload is ${most}`);
    }
    if (hasHeaders) {
      this.#chunk.set(more, end);
      end = this.#endLine(end + more.length);
    }
    this.#chunk.set(body, end);
    this.#advance(this.#endLine(end + body.length));
  }

  /** Publishes to a subject as it was received. `answer`: made by `answerBytes`. */
  answer(subject: Uint8Array, answer: Uint8Array): void {
    const at = this.#reserve(PUB.length + subject.length + answer.length);
    const end = at + PUB.length + subject.length;
    this.#chunk.set(PUB, at);
    this.#chunk.set(subject, at + PUB.length);
    this.#chunk.set(answer, end);
    this.#advance(end + answer.length);
  }

  /** Sends what is pending, at once. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#send();
  }

  /** The connection is lost: what is pending must not follow on the next one. The old one may still read from the chunk. */
  discard(): void {
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#from = 0;
    this.#to = 0;
  }

  #endLine(at: number): number {
    this.#chunk[at] = CR;
    this.#chunk[at + 1] = LF;
    return at + CRLF.length;
  }

  /** The position of so many free bytes. */
  #reserve(bytes: number): number {
    if (this.#to + bytes <= this.#chunk.length) return this.#to;
    this.#send();
    if (this.#to + bytes > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
      this.#from = 0;
      this.#to = 0;
    }
    return this.#to;
  }

  #advance(end: number): void {
    this.#to = end;
    this.#flushing ??= setImmediate(() => this.flush());
  }

  #send(): void {
    if (this.#from === this.#to) return;
    const pending = this.#chunk.subarray(this.#from, this.#to);
    this.#from = this.#to;
    this.#protocol.sendCommand(pending);
    this.#protocol.flushPending();
    if (hasUnwritten(this.#protocol)) return;
    this.#from = 0;
    this.#to = 0;
    // It was made for a large message.
    if (this.#chunk.length > CHUNK_BYTES) this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }
}

/** Without the line break that ends the headers. `headerBytes`: 0 where there are none. */
function command(to: string, headers: string, headerBytes: number, bodyBytes: number): string {
  return headerBytes === 0
    ? `PUB ${to} ${bodyBytes}${CRLF}`
    : `HPUB ${to} ${headerBytes} ${headerBytes + bodyBytes}${CRLF}${VERSION}${headers}`;
}

/** Whether the client, its socket or its TLS session may still read from a buffer that it was given. */
function hasUnwritten(protocol: Protocol): boolean {
  const socket = propertyOf(propertyOf(protocol, 'transport'), 'socket');
  return protocol.outbound.size() > 0 || !(socket instanceof Socket) || socket.writableLength > 0;
}
