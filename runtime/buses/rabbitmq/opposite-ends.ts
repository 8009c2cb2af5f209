import type { OppositeEnds } from '#contract/opposite-ends.ts';
import type { RabbitFrom, RabbitTo } from './options.ts';

export const opposite: OppositeEnds<RabbitFrom, RabbitTo> = {
  sink({ queue, exchange, type }, { keyLevel, address }) {
    if (address !== undefined && exchange !== undefined) return { exchange, routingKey: address };
    if (address !== undefined && queue !== undefined) return { queue, ...(type !== undefined && { type }) };
    if (queue !== undefined && keyLevel === undefined) return { queue };
    return 'the file does not say with which routing key to publish';
  },
  source({ queue }, { address }) {
    if (queue !== undefined && !address.includes('{')) return { queue: address };
    return 'from an exchange nothing can be read: a queue must be bound to it first';
  },
};
