import { busNamed } from '../brokers/all.ts';
import { rabbitEndpoints } from '../brokers/rabbitmq.ts';
import type { EndpointKind, Words } from '../brokers/test-bus.ts';
import type { Broker } from '../harness/broker.ts';
import type { Link } from '../harness/link.ts';
import type { Need } from '../harness/server-test.ts';

/** A server with something to read, behind a link. */
export interface ReadEnd extends AsyncDisposable {
  readonly server: Broker;
  readonly link: Link;
  readonly buses: Readonly<Record<string, object>>;
  readonly from: object;
  /** Whether a message that was published while nothing passed comes later. */
  readonly keeps: boolean;
  /** Resolves once the server has it. */
  publish(): Promise<void>;
}

export interface ReadEndKind {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly start: () => Promise<ReadEnd>;
}

const TAG = 't';

/** `connection`: beside the words of the adapter. */
function readEnd(name: string, endpoints: EndpointKind, connection: Words = {}): ReadEndKind {
  return {
    name,
    needs: [endpoints.needs.start],
    async start() {
      const own = await endpoints.start({ heartbeats: true });
      await own.prepare('source', [TAG]);
      return {
        server: own.server,
        link: own.links.source,
        buses: { read: { ...own.through('source'), ...connection } },
        from: { bus: 'read', ...own.entrance(TAG).bridge },
        keeps: endpoints.redelivers,
        publish: () => own.publish(TAG, [{ key: 'a', body: Buffer.from('1') }]),
        [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
      };
    },
  };
}

export const READ_ENDS: readonly ReadEndKind[] = [
  readEnd('MQTT 5', busNamed('mqtt').endpoints, { protocol: '5' }),
  readEnd('MQTT 3.1.1', busNamed('mqtt').endpoints, { protocol: '3.1.1' }),
  readEnd('core NATS', busNamed('nats').endpoints),
  readEnd('JetStream', busNamed('jetstream').endpoints),
  readEnd('RabbitMQ, classic queue', rabbitEndpoints('classic')),
  readEnd('RabbitMQ, quorum queue', rabbitEndpoints('quorum')),
  readEnd('RabbitMQ, stream', rabbitEndpoints('stream')),
];
