import { createServer, type Socket } from 'node:net';

/** An MQTT 3.1.1 broker in this process, on a free port of the loopback. It keeps nothing. */
export interface EmbeddedBroker {
  readonly url: string;
  close(): Promise<void>;
}

/** Whether the broker is installed: a clone has it, the package asks for it by name. */
export async function hasEmbeddedBroker(): Promise<boolean> {
  return import('aedes').then(
    () => true,
    () => false,
  );
}

export async function startEmbeddedBroker(): Promise<EmbeddedBroker> {
  const { Aedes } = await import('aedes');
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        broker.close(() => server.close(() => resolve()));
        // A client that is still connected when the demo fails would delay the end.
        for (const socket of sockets) socket.destroy();
      }),
  };
}
