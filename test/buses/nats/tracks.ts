import type { Source } from '#contract/source.ts';
import type { JetStreamFrom } from '../../../runtime/buses/nats/jetstream/options.ts';
import { publishStored } from '../../harness/publish-stored.ts';
import type { Admin } from './admin.ts';
import { connectionTo, jetstream, recordedContext } from './ends.ts';

/** Reads the stream of `withStream`. */
export const TRACKS: JetStreamFrom = { stream: 'TRACKS', durable: 'bridge', start: 'all' };

export const openTracks = (url: string, context = recordedContext(), end: JetStreamFrom = TRACKS): Promise<Source> =>
  jetstream.openSource({ connection: connectionTo(url), end }, context);

/** Publishes the numbers from `first` to `last`. Resolves once the stream has stored them. */
export function publish({ connection }: Admin, first: number, last: number, subject = 'tracks.a'): Promise<void> {
  return publishStored(connection, last - first + 1, (at) => ({ subject, body: String(first + at) }));
}

export const numbers = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index));

/** How many deliveries await their acknowledgement. */
export const pendingOf = async ({ manager }: Admin, durable = 'bridge'): Promise<number> =>
  (await manager.consumers.info('TRACKS', durable)).num_ack_pending;
