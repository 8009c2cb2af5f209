import { connect, createServer, type Socket } from 'node:net';
import { parser, type Packet } from 'mqtt-packet';
import { freePorts } from '../../harness/free-ports.ts';

/** A packet that passed, and in the how manieth connection. */
export interface Passed {
  readonly connection: number;
  readonly direction: 'up' | 'down';
  readonly packet: Packet;
}

/** Looks at what passes between a client and the real server. */
export interface Tap extends AsyncDisposable {
  readonly url: string;
  readonly passed: readonly Passed[];
  /** Those of one kind and direction, oldest first. */
  of<Command extends Packet['cmd']>(
    direction: 'up' | 'down',
    command: Command,
  ): (Extract<Packet, { cmd: Command }> & { connection: number })[];
  /** Resets every connection; new ones are taken. */
  cut(): void;
}

export async function startTap(port: number, protocolVersion: 4 | 5): Promise<Tap> {
  const passed: Passed[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (near) => {
    connections += 1;
    const connection = connections;
    const far = connect({ port, host: '127.0.0.1', noDelay: true });
    const reset = (): void => {
      for (const socket of [near, far]) if (!socket.destroyed) socket.resetAndDestroy();
    };
    const watch = (from: Socket, to: Socket, direction: 'up' | 'down'): void => {
      const reader = parser({ protocolVersion });
      reader.on('packet', (packet) => passed.push({ connection, direction, packet }));
      reader.on('error', () => undefined);
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        reader.parse(chunk);
        to.write(chunk);
      });
      from.on('end', () => to.end());
      from.on('error', reset);
      from.on('close', () => {
        sockets.delete(from);
        to.destroySoon();
      });
    };
    watch(near, far, 'up');
    watch(far, near, 'down');
  });
  const [own = 0] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `mqtt://127.0.0.1:${own}`,
    passed,
    of: (direction, command) =>
      passed
        .filter((seen) => seen.direction === direction && seen.packet.cmd === command)
        .map(({ packet, connection }) => Object.assign({ connection }, packet) as never),
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
