import { connect } from 'amqplib';
import { translate } from '../work.ts';
import type { HandSource } from './half.ts';

/** Delivery tags count from 1, so those that are done need only a ring of notes; many are acknowledged by one frame. */
export const rabbitmqSource: HandSource = async ({ where, name, tag }, sink, delivered) => {
  const connection = await connect(where.source, { noDelay: true });
  const channel = await connection.createChannel();
  await channel.prefetch(sink.window);
  const size = sink.window * 2;
  const done = new Float64Array(size);
  let acknowledged = 0;
  let timer: NodeJS.Immediate | undefined;
  const acknowledge = (): void => {
    timer = undefined;
    let last = acknowledged;
    while (done[(last + 1) % size] === last + 1) last += 1;
    if (last === acknowledged) return;
    acknowledged = last;
    channel.ack({ fields: { deliveryTag: last } } as never, true);
  };
  const { consumerTag } = await channel.consume(`in-${tag}`, (message) => {
    if (message === null) throw new Error('cancelled');
    const deliveryTag = message.fields.deliveryTag;
    const key = message.fields.routingKey.split('.')[1] ?? '';
    sink.send(key, translate(message.content), `${name}-${deliveryTag}`, () => {
      done[deliveryTag % size] = deliveryTag;
      delivered.count += 1;
      timer ??= setImmediate(acknowledge);
    });
  });
  return async () => {
    await channel.cancel(consumerTag);
    await connection.close();
  };
};
