import { startKafka } from '../harness/kafka.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { startRabbitMq } from '../harness/rabbitmq.ts';
import { type Case, endsOf, type Where } from './bridge.ts';

/** The servers of one case: nothing else runs beside them. */
export interface Servers extends AsyncDisposable {
  readonly where: Where;
}

/** `queued`: what a session of mosquitto must be able to hold. */
export async function startServers(kind: Case, queued: number): Promise<Servers> {
  const ends = endsOf(kind);
  const needs = new Set<string>(ends === undefined ? [kind] : [ends.from, ends.to]);
  const stack = new AsyncDisposableStack();
  const one = async (isNeeded: boolean, start: () => Promise<AsyncDisposable & { readonly url: string }>) =>
    isNeeded ? stack.use(await start()).url : '';
  try {
    const where = {
      nats: await one(needs.has('jetstream') || kind === 'core-core', startNats),
      mqtt: await one(needs.has('mqtt'), () => startMosquitto({ persistence: 'none', maxQueued: queued })),
      kafka: (await one(needs.has('kafka'), startKafka)).replace(/^.*\/\//, ''),
      rabbitmq: await one(needs.has('rabbitmq'), startRabbitMq),
    };
    return { where, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
