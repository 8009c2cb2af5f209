import { connect } from 'node:net';

const TRY_MS = 1000;
const METHOD_FRAME = 1;

/** Whether a server answers AMQP 0-9-1's protocol header with its first frame. */
export function rabbitMqReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const done = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(TRY_MS, () => done(false));
    socket.once('connect', () => socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1')));
    socket.once('data', (answer) => done(answer[0] === METHOD_FRAME));
    socket.once('error', () => done(false));
    socket.once('close', () => resolve(false));
  });
}
