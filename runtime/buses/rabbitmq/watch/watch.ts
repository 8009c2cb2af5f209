import type { BusWatch, WatchStart } from '#contract/watch.ts';
import type { RabbitConnection, RabbitFrom, RabbitTo, Start } from '../options.ts';
import { routingKeys } from '../routing-key.ts';
import { openSource } from '../source.ts';
import { ExchangeWatcher } from './exchange-watcher.ts';

/**
 * A queue of its own behind the exchange, or a place of its own in the stream. A message of another queue goes to one of its consumers:
 * such a queue cannot be watched.
 */
export const watch: BusWatch<RabbitConnection, RabbitFrom, RabbitTo> = {
  beside({ exchange, exchangeType, queue, type }, { address }) {
    if (exchange === undefined) {
      if (queue === undefined || queue.includes('{')) return 'its queue depends on the message';
      return { queue, ...(type !== undefined && { type }) };
    }
    const filter = bindingOver(address);
    if (exchangeType === 'direct' && /[*#]/.test(filter)) {
      return `its routing key depends on the message, and the direct exchange ${exchange} has no patterns`;
    }
    return { exchange, bind: [{ routingKey: filter }] };
  },
  words({ routingKey, ...end }) {
    if (end['exchange'] === undefined || end['bind'] !== undefined) return end;
    return { ...end, bind: [{ routingKey: routingKey ?? '#' }] };
  },
  refusal({ queue, exchange, type }, start) {
    if (type === 'stream') return undefined;
    if (exchange === undefined) {
      return `queue ${queue} gives each message to one of its readers, so a message that is watched is taken from the others; watch the exchange that feeds it (?exchange=NAME&routingKey=PATTERN), or a stream (type: stream)`;
    }
    if (start === 'new') return undefined;
    return `exchange ${exchange} keeps no messages; leave out --from, or watch a stream (type: stream)`;
  },
  async open(options, start, context) {
    const { end } = options;
    if (end.type === 'stream') {
      const { bind: _, exchange: _exchange, exchangeType: _type, ...stream } = end;
      return openSource({ ...options, end: { ...stream, start: startOf(start) } }, context);
    }
    const watcher = new ExchangeWatcher(options, context);
    await watcher.open();
    return watcher;
  },
};

const BRACE = /\{\{/g;
const REST = /\{[^{}]*\+\}/g;
const FIELD = /\{[^{}]*\}/g;

/**
 * The pattern of a topic exchange that matches every routing key of the template. A value never makes two words, except for the rest of an
 * address.
 */
export function bindingOver(template: string): string {
  const marked = template.replaceAll(BRACE, '\u{2}').replaceAll(REST, '\u{1}').replaceAll(FIELD, '\u{0}');
  return marked
    .split(routingKeys.separator)
    .map((word) => (word.includes('\u{1}') ? '#' : word.includes('\u{0}') ? '*' : word.replaceAll('\u{2}', '{')))
    .join(routingKeys.separator);
}

function startOf(start: WatchStart): Start {
  if (start === 'earliest') return 'first';
  return start === 'new' ? 'next' : start;
}
