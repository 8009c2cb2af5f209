import { randomBytes } from 'node:crypto';
import type { Channel, Replies } from 'amqplib';
import { withDeadline } from '#kit/deadline.ts';
import type { RabbitConnection } from '../options.ts';
import { type CloseReason, closeReason } from './close-reason.ts';
import { connectFailure, tooSlow } from './connect-failure.ts';
import { dial, type Session } from './session.ts';
import { type Node, parseNode, type Target, urlsOf } from './target.ts';
import type { QueueKind } from './topology.ts';

// Methods of class tx (90) of AMQP 0-9-1, as the client numbers them: it has no calls for them.
const TX_SELECT = (90 << 16) | 10;
const TX_ROLLBACK = (90 << 16) | 30;

/** An answer, or the reason for which the server closed the channel instead. */
export type Answer<Value> = { readonly value: Value } | { readonly refused: CloseReason };

/** A connection that makes requests without effect, each on a channel of its own. */
export interface DoctorProbe {
  readonly shown: string;
  readonly vhost: string;
  readonly encodedVhost: string;
  readonly version: string | undefined;
  readonly product: string | undefined;
  queue(name: string): Promise<Answer<Replies.AssertQueue>>;
  exchange(name: string): Promise<Answer<object>>;
  /** A consumer that every queue refuses, for its arguments; the right to read comes before them. The kind of the queue, where the refusal tells it. */
  read(queue: string): Promise<Answer<QueueKind>>;
  /** A publish in a transaction that is rolled back: nothing is routed. Undefined where the client cannot do that. */
  write(exchange: string, routingKey: string): Promise<Answer<unknown> | undefined>;
  /** Deletes a queue of this beginning that does not exist: it needs the right to configure it, and has no effect. */
  configure(prefix: string): Promise<Answer<unknown>>;
  close(): Promise<void>;
}

/** Connects to the first node that lets it in. Rejects with a BUS_ code. */
export async function openDoctorProbe(
  options: RabbitConnection,
  { name, timeoutMs, signal }: { readonly name: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<DoctorProbe> {
  const nodes = urlsOf(options)
    .map(parseNode)
    .filter((node) => node !== undefined);
  const target: Target = { connection: name, route: '', nodes, name: 'sluice/doctor', timeoutMs };
  const { session, node } = await dialAny(options, target, signal);
  const properties: unknown = Reflect.get(session.model.connection, 'serverProperties');
  const product: unknown =
    typeof properties === 'object' && properties !== null ? Reflect.get(properties, 'product') : '';
  const ask = <Value>(question: (channel: Channel) => Promise<Value>): Promise<Answer<Value>> =>
    withDeadline(asked(session, question), timeoutMs, () => tooSlow(target, node, timeoutMs));
  return {
    shown: node.shown,
    vhost: node.vhost,
    encodedVhost: node.encodedVhost,
    version: session.serverVersion,
    product: typeof product === 'string' ? product : undefined,
    queue: (queue) => ask((channel) => channel.checkQueue(queue)),
    exchange: (exchange) => ask((channel) => channel.checkExchange(exchange)),
    async read(queue) {
      const refused = { 'x-cancel-on-ha-failover': true, 'x-stream-offset': 'first' };
      const answer = await ask(async (channel): Promise<QueueKind> => {
        const { consumerTag } = await channel.consume(queue, () => {}, { arguments: refused });
        await channel.cancel(consumerTag);
        return undefined;
      });
      return 'refused' in answer && isKind(answer.refused) ? { value: kindIn(answer.refused) } : answer;
    },
    async write(exchange, routingKey) {
      let canTry = true;
      const answer = await ask(async (channel) => {
        const rpc: unknown = Reflect.get(channel, 'rpc');
        canTry = typeof rpc === 'function';
        if (typeof rpc !== 'function') return;
        await rpc.call(channel, TX_SELECT, {}, TX_SELECT + 1);
        channel.publish(exchange, routingKey, Buffer.alloc(0));
        // The server judges each publish when it comes, and routes it at the commit.
        await rpc.call(channel, TX_ROLLBACK, {}, TX_ROLLBACK + 1);
      });
      return canTry ? answer : undefined;
    },
    configure: (prefix) => ask((channel) => channel.deleteQueue(`${prefix}${randomBytes(8).toString('hex')}`)),
    close: () => session.close(),
  };
}

async function dialAny(
  options: RabbitConnection,
  target: Target,
  signal: AbortSignal,
): Promise<{ readonly session: Session; readonly node: Node }> {
  const client = await import('./library.ts');
  let failure: unknown;
  for (const node of target.nodes) {
    const trial = new AbortController();
    const stop = (): void => trial.abort();
    signal.addEventListener('abort', stop, { once: true });
    const dialing = dial(client, options, target, node, trial.signal);
    try {
      const late = (): Error => tooSlow(target, node, target.timeoutMs);
      const session = await withDeadline(dialing, target.timeoutMs, late);
      // A channel that the server closes does not end this session, and its connection must not end the process.
      session.listen({ over() {}, blocked() {}, unblocked() {} });
      return { session, node };
    } catch (thrown) {
      trial.abort();
      dialing.then(
        (session) => session.end(),
        () => {},
      );
      failure = connectFailure(target, node, options, thrown);
    }
  }
  throw failure;
}

/** Rejects only where the connection itself ends. */
async function asked<Value>(session: Session, question: (channel: Channel) => Promise<Value>): Promise<Answer<Value>> {
  const channel = await session.model.createChannel();
  let failure: unknown;
  channel.on('error', (error) => {
    failure = error;
  });
  try {
    const value = await question(channel);
    await channel.close();
    return { value };
  } catch (thrown) {
    const refused = closeReason(failure) ?? closeReason(thrown);
    if (refused === undefined) throw failure ?? thrown;
    return { refused };
  }
}

const KIND = / of queue type rabbit_(classic|quorum|stream)_queue$/;
const NOT_IMPLEMENTED = 540;
const PRECONDITION_FAILED = 406;

/** Whether the server refused the arguments, and not the right. */
const isKind = ({ code }: CloseReason): boolean => code === PRECONDITION_FAILED || code === NOT_IMPLEMENTED;

function kindIn({ text }: CloseReason): QueueKind {
  const named = KIND.exec(text)?.[1];
  return named === 'quorum' || named === 'stream' || named === 'classic' ? named : undefined;
}
