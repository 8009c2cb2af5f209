import type { Channel, ConsumeMessage } from 'amqplib';
import type { Session } from './session.ts';

/** A message that is there comes within milliseconds. */
const FIRST_MS = 1500;
/** The messages of a chunk come one directly after the other. */
const QUIET_MS = 500;
/** A chunk has fewer. */
const CHUNK = 20_000;

/** The offset of the first message that a consumer gets which begins there; undefined where none comes. */
export async function firstOffset(session: Session, stream: string, from: unknown): Promise<number | undefined> {
  const [first] = await offsets(session, stream, { from, most: 1 });
  return first;
}

/** The offset behind the last message of the stream; 0 where it is empty. */
export async function endOffset(session: Session, stream: string): Promise<number> {
  const chunk = await offsets(session, stream, { from: 'last', most: CHUNK });
  return (chunk.at(-1) ?? -1) + 1;
}

/** `x-stream-offset` of a moment: the protocol has whole seconds. */
export function secondOf(seconds: number): unknown {
  return { '!': 'timestamp', value: seconds };
}

/** Consumes until `most` have come, or none comes any more. Nothing is acknowledged: a stream keeps no places. */
async function offsets(
  session: Session,
  stream: string,
  { from, most }: { readonly from: unknown; readonly most: number },
): Promise<readonly number[]> {
  const channel: Channel = await session.model.createChannel();
  // A failed request rejects by itself.
  channel.on('error', () => {});
  await channel.prefetch(most);
  const found: number[] = [];
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const waiting = setTimeout(resolve, FIRST_MS);
  const take = (message: ConsumeMessage | null): void => {
    const offset: unknown = message?.properties.headers?.['x-stream-offset'];
    if (typeof offset !== 'number') return;
    found.push(offset);
    if (found.length >= most) return resolve();
    clearTimeout(quiet);
    quiet = setTimeout(resolve, QUIET_MS);
  };
  let quiet: NodeJS.Timeout | undefined;
  try {
    channel.consume(stream, take, { arguments: { 'x-stream-offset': from } }).catch(reject);
    await done;
    await channel.close();
    return found;
  } finally {
    clearTimeout(waiting);
    clearTimeout(quiet);
  }
}
