import type { BusWatch } from '#contract/watch.ts';
import { Link } from '../../client/link.ts';
import type { JetStreamConnectionOptions, JetStreamFrom, JetStreamTo } from '../options.ts';
import { StreamWatcher } from './stream-watcher.ts';

/** A consumer that the server deletes with its reader, and to which it never waits for an acknowledgement. */
export const watch: BusWatch<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo> = {
  beside: ({ stream }, { filter }) => ({ stream, subjects: [filter] }),
  refusal: () => undefined,
  async open(options, start, context) {
    const watcher = new StreamWatcher(new Link(context), options.end, start, context);
    await watcher.open(options);
    return watcher;
  },
};
