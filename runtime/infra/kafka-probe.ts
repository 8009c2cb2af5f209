import { connect } from 'node:net';

const TRY_MS = 1000;
const METADATA = 3;
const VERSION = 4;

/** A request for the cluster's brokers and no topic. */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 10 + 4 + 1);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(VERSION, 6);
  request.writeInt32BE(7, 8);
  request.writeInt16BE(-1, 12);
  return request;
}

/**
 * Whether a node answers and counts at least one broker that serves. An open port proves nothing: until its
 * registration is through a node answers, and leads no partition.
 */
export function kafkaReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    const done = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(TRY_MS, () => done(false));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.once('error', () => done(false));
    socket.once('close', () => resolve(false));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      // Correlation id and throttle time come before the brokers.
      done(answer.length >= 16 && answer.readInt32BE(12) > 0);
    });
  });
}
