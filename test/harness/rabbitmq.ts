import { type Broker, type Recipe, startBroker } from './broker.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { pathOf } from './provide.ts';
import { type RabbitMqDoor, rabbitMqDoor, type RabbitMqFacts } from './rabbitmq-door.ts';
import { type NodePorts, prepareNode, type RabbitMqOptions } from './rabbitmq-node.ts';
import { rabbitMqReady } from '../../runtime/infra/rabbitmq-probe.ts';

/** One RabbitMQ node of the test's own. */
export interface RabbitMq extends Broker, RabbitMqDoor {
  /** For another process's door to this node. */
  readonly facts: RabbitMqFacts;
  /** With TLS; without a port that answers where the options name none. */
  readonly tlsUrl: string;
  /**
   * Resolves once every queue and stream declared so far survives kill -9: what a test must do before it kills a node
   * that declared one less than some seconds ago. Their messages need no such thing once they are confirmed.
   */
  saveNow(): Promise<void>;
  /** The memory alarm: publishers are blocked and confirms withheld until `unblock`. */
  block(): Promise<void>;
  unblock(): Promise<void>;
  /** Both, by one command: on a busy machine a command takes seconds. */
  blockFor(ms: number): Promise<void>;
}

const memoryMark = (limit: string): string => `vm_memory_monitor:set_vm_memory_high_watermark(${limit})`;

// The alarm is raised by another process of the server. Once it is seen, every connection was told of it: what a client
// publishes from then on is not taken.
const RAISE_ALARM = `${memoryMark('0.00001')}, Wait = fun Look() -> case rabbit_alarm:get_alarms() of [] -> timer:sleep(5), Look(); _ -> ok end end, Wait()`;
const CLEAR_ALARM = memoryMark('{absolute, 1000000000}');

/** A RabbitMQ node, ready when it answers an AMQP client's first bytes. About 4 s, 150 MB. */
export async function startRabbitMq(options: RabbitMqOptions = {}): Promise<RabbitMq> {
  const [server, epmd] = await Promise.all([pathOf('rabbitmq-server'), pathOf('epmd')]);
  let env: NodeJS.ProcessEnv = {};
  let ports: NodePorts = { amqp: 0, distribution: 0, names: 0, tls: 0, management: 0 };
  const named = ([amqp = 0, distribution = 0, names = 0, tls = 0, management = 0]: readonly number[]): NodePorts => ({
    amqp,
    distribution,
    names,
    tls,
    management,
  });
  const recipe: Recipe = {
    name: 'rabbitmq',
    scheme: 'amqp',
    portCount: 5,
    // The server would start one as a daemon that outlives it.
    companion: (_folder, numbers) => ({
      command: { binary: epmd, args: ['-port', String(named(numbers).names), '-address', '127.0.0.1'] },
      probe: () => portOpen(named(numbers).names),
    }),
    prepare(folder, numbers) {
      ports = named(numbers);
      env = prepareNode(server, options, folder, ports);
      return { binary: server, args: [], env };
    },
    async probe(numbers) {
      if (!(await rabbitMqReady(named(numbers).amqp))) return false;
      return options.management !== true || (await portOpen(named(numbers).management));
    },
  };
  const broker = await startBroker(recipe);
  const facts: RabbitMqFacts = {
    port: broker.port,
    managementPort: options.management === true ? ports.management : undefined,
    env,
  };
  const door = rabbitMqDoor(facts);
  const own = {
    ...door,
    facts,
    tlsUrl: `amqps://127.0.0.1:${ports.tls}`,
    async saveNow() {
      // Where its log of a quorum queue or stream is on disk a node keeps in tables that it writes after 3 s; without
      // that entry a queue comes back and never answers.
      await door.ctl('eval', '[ok = dets:sync(Table) || Table <- dets:all()].');
    },
    async block() {
      await door.ctl('eval', `${RAISE_ALARM}.`);
    },
    async blockFor(ms: number) {
      await door.ctl('eval', `${RAISE_ALARM}, timer:sleep(${ms}), ${CLEAR_ALARM}.`);
    },
    async unblock() {
      await door.ctl('eval', `${CLEAR_ALARM}.`);
    },
  };
  try {
    for (const [name, password] of Object.entries(options.users ?? {})) await door.setUser(name, password);
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
  return Object.assign(broker, own);
}
