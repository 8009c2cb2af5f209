import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Source } from '#contract/source.ts';
import type { JetStreamFrom } from '../../../runtime/buses/nats/jetstream/options.ts';
import { newCheckpoint } from '../../harness/checkpoint.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { Admin } from './admin.ts';
import { DEADLINE_MS, type RecordedContext, recordedContext } from './ends.ts';
import { openTracks, TRACKS } from './tracks.ts';

export interface Opened {
  readonly source: Source;
  readonly context: RecordedContext;
}

/** Of two openings with one checkpoint the second is the first one's return. */
export async function opened(
  url: string,
  checkpoint: Checkpoint = newCheckpoint(),
  end: JetStreamFrom = TRACKS,
): Promise<Opened> {
  const context = recordedContext({ checkpoint });
  return { context, source: await openTracks(url, context, end) };
}

/** The losses that the source reported, each with its number of messages. */
export const lossesOf = ({ events }: RecordedContext): (readonly [string, number | undefined])[] =>
  events.flatMap((event) => (event.kind === 'loss' ? [[event.code, event.messages] as const] : []));

export const isSettled = ({ manager }: Admin, last: number): Promise<unknown> =>
  waitFor(
    async () => (await manager.consumers.info('TRACKS', 'bridge')).ack_floor.stream_seq === last,
    DEADLINE_MS,
    `all up to ${last} to be acknowledged`,
  );
