import { asBuffer } from '#kit/as-buffer.ts';
import { numberAt } from '../byte-text.ts';
import { ReceivedMessage } from './received-message.ts';

/** The parser of the client. It reads all that is no message. */
export interface ClientParser {
  /** 0 between two commands. */
  readonly state: number;
  parse(bytes: Uint8Array): void;
}

/** A message as the client's own subscriptions get it. `data`: headers and payload; `hdr`: the bytes of the headers, or -1. */
export interface ClientMessage {
  readonly subject: Uint8Array;
  readonly sid: number;
  readonly reply: Uint8Array | undefined;
  readonly hdr: number;
  readonly size: number;
}

export interface MessageReaders {
  /** By subscription. */
  readonly byId: ReadonlyMap<number, (message: ReceivedMessage) => void>;
  /** A message of a subscription of the client's own. */
  others(message: ClientMessage, data: Uint8Array): void;
}

const BETWEEN = 0;
const INCOMPLETE = -1;
const UNKNOWN = -2;

const LF = 10;
const CR = 13;
const TAB = 9;
const SPACE = 32;
const CAPITAL_G = 71;
const CAPITAL_H = 72;
const CAPITAL_M = 77;
const CAPITAL_S = 83;
const MOST_TOKENS = 5;

/**
 * Reads the messages of a connection without an object for each: the client makes nine, which cost more than all that a bridge
 * does with an acknowledgement. Every other command goes to the client's parser, line by line, and so does all that follows
 * a command that is none of the protocol's.
 * MSG subject sid [reply] bytes, HMSG subject sid [reply] header-bytes bytes (NATS client protocol, ADR-4).
 */
export class MessageParser {
  readonly #client: ClientParser;
  readonly #readers: MessageReaders;
  readonly #message = new ReceivedMessage();
  readonly #from = new Int32Array(MOST_TOKENS);
  readonly #to = new Int32Array(MOST_TOKENS);
  #count = 0;
  /** The parts of a command that is not complete, and the bytes that it lacks at least. */
  #parts: Buffer[] = [];
  #missing = 0;

  constructor(client: ClientParser, readers: MessageReaders) {
    this.#client = client;
    this.#readers = readers;
  }

  parse(bytes: Uint8Array): void {
    let chunk = asBuffer(bytes);
    while (this.#parts.length > 0 && chunk.length > 0) {
      const taken = Math.min(this.#missing, chunk.length);
      this.#parts.push(chunk.subarray(0, taken));
      this.#missing -= taken;
      chunk = chunk.subarray(taken);
      if (this.#missing > 0) return;
      const whole = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#parse(whole);
    }
    this.#parse(chunk);
  }

  #parse(buffer: Buffer): void {
    let at = 0;
    while (at < buffer.length) {
      if (this.#client.state !== BETWEEN) {
        // It has begun a command: up to the end of the line, behind which a message may be ours.
        const rest = buffer.indexOf(LF, at) + 1 || buffer.length;
        this.#client.parse(buffer.subarray(at, rest));
        at = rest;
        continue;
      }
      const first = buffer[at];
      const end =
        first === CAPITAL_M || first === CAPITAL_H ? this.#readMessage(buffer, at) : this.#readLine(buffer, at);
      if (end === UNKNOWN) return this.#client.parse(buffer.subarray(at));
      if (end === INCOMPLETE) {
        this.#parts = [buffer.subarray(at)];
        return;
      }
      at = end;
    }
  }

  /** Returns the end of the line. */
  #readLine(buffer: Buffer, at: number): number {
    const end = buffer.indexOf(LF, at) + 1;
    if (end === 0) {
      this.#missing = 1;
      return INCOMPLETE;
    }
    this.#client.parse(buffer.subarray(at, end));
    return end;
  }

  /** Returns the end of the message. */
  #readMessage(buffer: Buffer, at: number): number {
    const hasHeaders = buffer[at] === CAPITAL_H;
    const bodyLine = this.#readTokens(buffer, hasHeaders ? at + 1 : at);
    if (bodyLine < 0) return bodyLine;
    const count = this.#count;
    const fewest = hasHeaders ? 4 : 3;
    if (count < fewest || count > fewest + 1) return UNKNOWN;
    const size = this.#number(buffer, count - 1);
    const headers = hasHeaders ? this.#number(buffer, count - 2) : 0;
    const id = this.#number(buffer, 1);
    if (size < 0 || headers < 0 || headers > size || id < 0) return UNKNOWN;
    const end = bodyLine + size + 2;
    if (end > buffer.length) {
      this.#missing = end - buffer.length;
      return INCOMPLETE;
    }
    const hasReply = count > fewest;
    const reader = this.#readers.byId.get(id);
    if (reader === undefined) {
      const message = {
        subject: buffer.subarray(this.#from[0], this.#to[0]),
        sid: id,
        reply: hasReply ? buffer.subarray(this.#from[2], this.#to[2]) : undefined,
        hdr: hasHeaders ? headers : -1,
        size,
      };
      this.#readers.others(message, buffer.subarray(bodyLine, bodyLine + size));
    } else {
      const message = this.#message;
      message.buffer = buffer;
      message.subjectFrom = this.#from[0] ?? 0;
      message.subjectTo = this.#to[0] ?? 0;
      message.replyFrom = hasReply ? (this.#from[2] ?? 0) : 0;
      message.replyTo = hasReply ? (this.#to[2] ?? 0) : 0;
      message.headersFrom = bodyLine;
      message.bodyFrom = bodyLine + headers;
      message.bodyTo = bodyLine + size;
      reader(message);
    }
    return end;
  }

  /** Finds the tokens behind `MSG`. Returns the position behind the line. */
  #readTokens(buffer: Buffer, start: number): number {
    const { length } = buffer;
    this.#count = 0;
    if (start + 4 > length) {
      this.#missing = 1;
      return INCOMPLETE;
    }
    if (buffer[start] !== CAPITAL_M || buffer[start + 1] !== CAPITAL_S || buffer[start + 2] !== CAPITAL_G)
      return UNKNOWN;
    let count = 0;
    let from = -1;
    for (let at = start + 3; at < length; at += 1) {
      const code = buffer[at];
      if (code !== SPACE && code !== CR && code !== LF && code !== TAB) {
        if (from < 0) from = at;
        continue;
      }
      if (from >= 0) {
        if (count === MOST_TOKENS) return UNKNOWN;
        this.#from[count] = from;
        this.#to[count] = at;
        count += 1;
        from = -1;
      }
      if (code === LF) {
        this.#count = count;
        return at + 1;
      }
    }
    this.#missing = 1;
    return INCOMPLETE;
  }

  /** The token as a number; negative where it is none. */
  #number(buffer: Buffer, token: number): number {
    return numberAt(buffer, this.#from[token] ?? 0, this.#to[token] ?? 0);
  }
}
