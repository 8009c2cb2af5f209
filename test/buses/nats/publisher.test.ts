import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { answerBytes, Publisher } from '../../../runtime/buses/nats/client/publisher.ts';
import { waitFor } from '../../harness/wait-for.ts';

const INFO = { max_payload: 2 ** 20, headers: true };

/** A publisher of a client whose commands go into `sent`. */
function publisherInto(sent: Uint8Array[], info = INFO): Publisher {
  const protocol = {
    outbound: { size: () => 0 },
    sendCommand: (bytes: Uint8Array) => sent.push(Buffer.from(bytes)),
    flushPending() {},
  };
  return new Publisher({ info }, protocol);
}

function expected(subject: string, reply: string | undefined, headers: string, body: Uint8Array): Buffer {
  const block = Buffer.from(headers === '' ? '' : `NATS/1.0\r\n${headers}\r\n`);
  const to = [subject, ...(reply === undefined ? [] : [reply])].join(' ');
  const sizes = headers === '' ? [body.length] : [block.length, block.length + body.length];
  const verb = headers === '' ? 'PUB' : 'HPUB';
  return Buffer.concat([Buffer.from(`${verb} ${to} ${sizes.join(' ')}\r\n`), block, body, Buffer.from('\r\n')]);
}

const word = fc.oneof(fc.stringMatching(/^[a-z0-9._-]{1,20}$/), fc.stringMatching(/^[aé漢😀]{1,8}$/u));
const message = fc.tuple(
  word,
  fc.option(word, { nil: undefined }),
  fc.array(word, { maxLength: 3 }).map((lines) => lines.map((line) => `k: ${line}\r\n`).join('')),
  fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.nat({ max: 70_000 }).map((size) => new Uint8Array(size).fill(120)),
  ),
);

test('what is published is written as the protocol says, in the order of the calls', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
      const sent: Uint8Array[] = [];
      const publisher = publisherInto(sent);
      for (const [subject, reply, headers, body] of messages) {
        // Header lines as text, encoded, and one part of them each way.
        const end = headers.indexOf('\n') + 1;
        for (const at of [0, end, headers.length]) {
          publisher.publish(subject, reply, headers.slice(0, at), body, Buffer.from(headers.slice(at)));
        }
      }
      publisher.answer(Buffer.from('$JS.ACK.S.é'), answerBytes('+ACK'));
      publisher.flush();
      const all = [
        ...messages.flatMap((one) => [one, one, one].map((same) => expected(...same))),
        Buffer.from('PUB $JS.ACK.S.é 4\r\n+ACK\r\n'),
      ];
      assert.ok(Buffer.concat(sent).equals(Buffer.concat(all)));
    }),
  );
});

test('the messages of one turn of the event loop leave as one, at its end', async () => {
  const sent: Uint8Array[] = [];
  const publisher = publisherInto(sent);
  for (let number = 0; number < 100; number += 1) publisher.publish('a', undefined, '', Buffer.from(String(number)));
  await Promise.resolve();
  assert.equal(sent.length, 0);
  await turn();
  assert.equal(sent.length, 1);
});

test('a message that the server would refuse is refused here, and leaves nothing behind', () => {
  const sent: Uint8Array[] = [];
  const publisher = publisherInto(sent, { max_payload: 100, headers: true });
  // With its header block it has 101 bytes: é is two of them.
  const headers = 'k: é\r\n';
  assert.throws(() => publisher.publish('a', undefined, headers, new Uint8Array(82)), { code: 'SINK_TOO_LARGE' });
  publisher.publish('a', undefined, headers, new Uint8Array(81));
  publisher.flush();
  assert.ok(Buffer.concat(sent).equals(expected('a', undefined, headers, new Uint8Array(81))));
});

test('a server without headers gets none', () => {
  const publisher = publisherInto([], { max_payload: 100, headers: false });
  assert.throws(() => publisher.publish('a', undefined, 'k: v\r\n', new Uint8Array()), { code: 'SINK_UNWRITABLE' });
  publisher.publish('a', undefined, '', new Uint8Array());
});

test('what is pending when the connection is lost does not follow on the next one', () => {
  const sent: Uint8Array[] = [];
  const publisher = publisherInto(sent);
  publisher.publish('a', undefined, '', Buffer.from('old'));
  publisher.discard();
  publisher.publish('a', undefined, '', Buffer.from('new'));
  publisher.flush();
  assert.equal(Buffer.concat(sent).toString(), 'PUB a 3\r\nnew\r\n');
});

/** A socket and the server's end of it, which reads nothing until it is resumed. */
async function pair(server: Server): Promise<{ readonly near: Socket; readonly far: Socket }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const accepted = once(server, 'connection');
  const near = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  const [far] = (await accepted) as [Socket];
  return { near, far: far.pause() };
}

test('bytes that the kernel has not taken yet are not written over', async () => {
  const server = createServer();
  const { near, far } = await pair(server);
  using _closing = {
    [Symbol.dispose]() {
      near.destroy();
      far.destroy();
      server.close();
    },
  };
  const protocol = {
    transport: { socket: near },
    outbound: { size: () => 0 },
    sendCommand: (bytes: Uint8Array) => void near.write(bytes),
    flushPending() {},
  };
  const publisher = new Publisher({ info: INFO }, protocol);
  const all: Buffer[] = [];
  // Far more than the kernel takes while nobody reads.
  for (let number = 0; number < 40_000; number += 1) {
    const body = Buffer.from(`${number} ${'x'.repeat(300)}`);
    publisher.publish('a', undefined, '', body);
    all.push(expected('a', undefined, '', body));
    if (number % 100 === 0) publisher.flush();
  }
  publisher.flush();
  assert.ok(near.writableLength > 0, 'the kernel has taken all');
  const received: Buffer[] = [];
  let bytes = 0;
  far.on('data', (chunk: Buffer) => {
    received.push(chunk);
    bytes += chunk.length;
  });
  far.resume();
  const whole = Buffer.concat(all);
  await waitFor(() => bytes === whole.length, 20_000, 'all bytes');
  assert.ok(Buffer.concat(received).equals(whole));
});
