import type { BusWatch } from '#contract/watch.ts';
import { Link } from '../../client/link.ts';
import type { NatsConnectionOptions } from '../../options.ts';
import type { CoreFrom, CoreTo } from '../options.ts';
import { CoreSource } from '../source.ts';

/** A subscription outside of every queue group: each subscription gets its own copy of a message. */
export const watch: BusWatch<NatsConnectionOptions, CoreFrom, CoreTo> = {
  beside: (_, { filter }) => ({ subjects: [filter] }),
  refusal: (_, start) =>
    start === 'new'
      ? undefined
      : 'core NATS keeps no messages; leave out --from, or watch the stream that keeps them (jetstream)',
  async open(options, _start, context) {
    const { queue: _, ...end } = options.end;
    const source = new CoreSource(new Link(context), end, context);
    await source.open({ ...options, end });
    return source;
  },
};
