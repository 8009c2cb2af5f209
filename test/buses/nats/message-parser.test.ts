import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kind, Parser, type ParserEvent } from '@nats-io/nats-core/internal';
import fc from 'fast-check';
import {
  type ClientMessage,
  type ClientParser,
  MessageParser,
} from '../../../runtime/buses/nats/client/message-parser.ts';
import type { ReceivedMessage } from '../../../runtime/buses/nats/client/received-message.ts';

/** A subscription that is read here; all others are the client's. */
const OURS = 7;

/** What was read, as text: a message, or another command by its kind and data. */
function told(kind: string, ...parts: (string | Uint8Array | undefined)[]): string {
  return JSON.stringify([
    kind,
    ...parts.map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : part)),
  ]);
}

function ofClient(event: ParserEvent): string {
  if (event.kind !== Kind.MSG) return told(String(event.kind), 'data' in event ? event.data : undefined);
  const { msg, data } = event;
  assert.ok(msg !== undefined && data !== undefined);
  return ofMessage({ ...msg, reply: msg.reply }, data);
}

function ofMessage(
  { sid, subject, reply, hdr }: Pick<ClientMessage, 'sid' | 'subject' | 'reply' | 'hdr'>,
  data: Uint8Array,
): string {
  const headers = hdr > 0 ? data.subarray(0, hdr) : undefined;
  return told('message', String(sid), subject, reply, headers, data.subarray(Math.max(0, hdr)));
}

function ofOurs(message: ReceivedMessage): string {
  const headers = message.headerBlock();
  const block = headers === undefined ? undefined : Buffer.from(headers);
  return told('message', String(OURS), Buffer.from(message.subject()), message.reply(), block, message.body());
}

function clientInto(found: string[]): Parser {
  return new Parser({
    push(event) {
      assert.ok(typeof event !== 'function');
      found.push(ofClient(event));
    },
  });
}

/** What the client alone reads from these bytes, in one piece. */
function readByClient(bytes: Uint8Array): readonly string[] {
  const found: string[] = [];
  clientInto(found).parse(bytes);
  return found;
}

function readHere(chunks: readonly Uint8Array[]): readonly string[] {
  const found: string[] = [];
  const client: ClientParser = clientInto(found);
  const parser = new MessageParser(client, {
    byId: new Map([[OURS, (message) => found.push(ofOurs(message))]]),
    others: (message, data) => found.push(ofMessage(message, data)),
  });
  for (const chunk of chunks) parser.parse(chunk);
  return found;
}

const subject = fc.stringMatching(/^[a-zé]{1,6}(\.[a-z0-9]{1,5}){0,3}$/);
const sid = fc.constantFrom(OURS, OURS, 1, 70);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.constantFrom('', '\r\n', 'MSG a 7 3\r\nabc\r\n', '+OK\r\n', 'PING\r\n').map((text) => Buffer.from(text)),
);
const headers = fc.array(fc.stringMatching(/^[A-Za-z-]{1,6}: [a-zé]{0,8}$/), { maxLength: 3 });

const message = fc
  .record({
    subject,
    sid,
    reply: fc.option(subject, { nil: undefined }),
    body,
    headers: fc.option(headers, { nil: undefined }),
  })
  .map((made) => {
    const block = Buffer.from(
      made.headers === undefined ? '' : `NATS/1.0\r\n${made.headers.map((line) => `${line}\r\n`).join('')}\r\n`,
    );
    const names = [made.subject, String(made.sid), ...(made.reply === undefined ? [] : [made.reply])].join(' ');
    const size = block.length + made.body.length;
    const head = made.headers === undefined ? `MSG ${names} ${size}` : `HMSG ${names} ${block.length} ${size}`;
    return Buffer.concat([Buffer.from(`${head}\r\n`), block, made.body, Buffer.from('\r\n')]);
  });
const other = fc
  .constantFrom(
    'PING\r\n',
    'PONG\r\n',
    '+OK\r\n',
    'INFO {"max_payload":1}\r\n',
    "-ERR 'Permissions Violation for Subscription to a'\r\n",
  )
  .map((text) => Buffer.from(text));

/** The bytes, cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

test('every command is read as the client reads it, wherever the network cuts the bytes', () => {
  const commands = fc.array(fc.oneof({ weight: 4, arbitrary: message }, other), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(commands, fc.array(fc.nat(), { maxLength: 40 }), (all, places) => {
      const bytes = Buffer.concat(all);
      assert.deepEqual(readHere(cut(bytes, places)), readByClient(bytes));
    }),
    { numRuns: 500 },
  );
});

test('a message that comes byte by byte is one message', () => {
  const bytes = Buffer.from('HMSG a.b 7 reply.1 14 17\r\nNATS/1.0\r\n\r\n\r\nabc\r\n');
  assert.deepEqual(readHere([...bytes].map((byte) => Buffer.of(byte))), readByClient(bytes));
});

test('what is no command of the protocol is left to the client, with all that follows', () => {
  for (const text of [
    'MSG a\r\n',
    'MSG a b 3\r\nabc\r\n',
    'MSG a 7 -1\r\n',
    'HMSG a 7 9 3\r\nabc\r\n',
    'MXG a 7 0\r\n\r\n',
  ]) {
    const found: string[] = [];
    const client = { state: 0, parse: (bytes: Uint8Array) => found.push(Buffer.from(bytes).toString()) };
    const parser = new MessageParser(client, { byId: new Map(), others: () => found.push('message') });
    parser.parse(Buffer.from(`PING\r\n${text}PONG\r\n`));
    assert.deepEqual(found, ['PING\r\n', `${text}PONG\r\n`]);
  }
});

test('a large message is copied once, however many pieces it comes in', (t) => {
  const size = 8 * 2 ** 20;
  const bytes = Buffer.concat([
    Buffer.from(`MSG a 7 ${size}\r\n`),
    Buffer.alloc(size, 'x'),
    Buffer.from('\r\nPING\r\n'),
  ]);
  const concat = t.mock.method(Buffer, 'concat');
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, n) =>
    bytes.subarray(n * 1000, (n + 1) * 1000),
  );
  assert.equal(readHere(pieces).length, 2);
  const copied = concat.mock.calls.reduce((sum, { result }) => sum + (result?.length ?? 0), 0);
  assert.ok(copied >= size && copied < size + 3000, `${copied} bytes were copied for a message of ${size}`);
});
