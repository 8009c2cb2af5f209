import { SluiceError } from '#contract/errors.ts';
import type { Msg, NatsConnection } from '../client/library.ts';
import { coordinateReader } from './ack-reply.ts';
import { headerBlock } from '../client/raw-message.ts';

/** In one request. */
const BATCH = 4096;
const EXPIRES_NS = 2_000_000_000;
/** The server answers such a request at once, with messages or with a word. */
const SILENCE_MS = 3000;

export interface Pull {
  readonly stream: string;
  readonly consumer: string;
  /** A subject of the client's making, used for nothing else. */
  readonly inbox: string;
  readonly most: number;
}

/** One message of a stream, without its body. */
export interface Head {
  /** When the server stored it. */
  readonly timestampMs: number;
  readonly headers: string | undefined;
}

/**
 * Asks a consumer once for what is there, and waits for nothing more. Answers how many came: fewer than `most` where
 * there are no more, or `signal` aborted. Rejects with BUS_AUTH when nobody answers.
 */
export function pullOnce(
  connection: NatsConnection,
  { stream, consumer, inbox, most }: Pull,
  signal: AbortSignal,
  each: (head: Head) => void,
): Promise<number> {
  const batch = Math.min(most, BATCH);
  const coordinates = coordinateReader();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let got = 0;
  let heardAtMs = performance.now();
  const heard = (error: Error | null, message: Msg): void => {
    if (error !== null) return reject(silent(stream, error));
    heardAtMs = performance.now();
    const at = coordinates(message.reply ?? '');
    // A word of the server's: there is no more.
    if (at === undefined) return resolve(got);
    got += 1;
    each({ timestampMs: at.timestampMs, headers: headerBlock(message) });
    if (got === batch) resolve(got);
  };
  const subscription = connection.subscribe(inbox, { callback: heard });
  const watch = setInterval(() => {
    if (performance.now() - heardAtMs >= SILENCE_MS) reject(silent(stream));
  }, SILENCE_MS / 10);
  const stop = (): void => resolve(got);
  signal.addEventListener('abort', stop, { once: true });
  const request = JSON.stringify({ batch, no_wait: true, expires: EXPIRES_NS });
  connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: inbox });
  return promise.finally(() => {
    clearInterval(watch);
    signal.removeEventListener('abort', stop);
    subscription.unsubscribe();
  });
}

function silent(stream: string, cause?: Error): SluiceError {
  const text = `the end of stream ${stream} is not shown to us; grant ${grantsToRead(stream)}`;
  return new SluiceError('BUS_AUTH', text, { cause });
}

/** What a user needs to read a stream through a consumer of its own. */
export function grantsToRead(stream: string): string {
  return `publishing to $JS.API.CONSUMER.CREATE.${stream}.> and $JS.API.CONSUMER.MSG.NEXT.${stream}.>, and reading _INBOX.>`;
}
