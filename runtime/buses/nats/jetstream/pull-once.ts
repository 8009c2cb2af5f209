import { SluiceError } from '#contract/errors.ts';
import { coordinateReader } from './ack-reply.ts';
import type { ReceivedMessage } from '../client/received-message.ts';
import type { Wire } from '../client/wire.ts';

/** Of one request. */
const BATCH = 4096;
const EXPIRES_NS = 2_000_000_000;
/** The server answers such a request at once, with messages or with a status. */
const SILENCE_MS = 3000;

export interface Pull {
  readonly stream: string;
  readonly consumer: string;
  /** An inbox of the client without other use. */
  readonly inbox: string;
  readonly most: number;
}

/** One message of a stream, without its body. */
export interface Head {
  /** The time at which the server stored it. */
  readonly timestampMs: number;
  readonly headers: string | undefined;
}

/**
 * Pulls the stored messages of a consumer once, without waiting for more. Resolves with their number: fewer than `most`
 * when there are no more, or `signal` aborted. Rejects with BUS_AUTH when no answer comes.
 */
export function pullOnce(
  wire: Wire,
  { stream, consumer, inbox, most }: Pull,
  signal: AbortSignal,
  each: (head: Head) => void,
): Promise<number> {
  const batch = Math.min(most, BATCH);
  const coordinates = coordinateReader();
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let got = 0;
  let receivedAtMs = performance.now();
  const onMessage = (message: ReceivedMessage): void => {
    receivedAtMs = performance.now();
    const at = coordinates(message);
    // A status message: there are no more.
    if (at === undefined) return resolve(got);
    got += 1;
    each({ timestampMs: at.timestampMs, headers: message.headerBlock() });
    if (got === batch) resolve(got);
  };
  const denied = (failure: Error): void => reject(silent(stream, failure));
  const subscription = wire.subscribe(inbox, { received: onMessage, denied });
  const watch = setInterval(() => {
    if (performance.now() - receivedAtMs >= SILENCE_MS) reject(silent(stream));
  }, SILENCE_MS / 10);
  const stop = (): void => resolve(got);
  signal.addEventListener('abort', stop, { once: true });
  const request = JSON.stringify({ batch, no_wait: true, expires: EXPIRES_NS });
  wire.publisher.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, inbox, '', Buffer.from(request));
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

/** The permissions that a user needs to read a stream through an own consumer. */
export function grantsToRead(stream: string): string {
  return `publishing to $JS.API.CONSUMER.CREATE.${stream}.> and $JS.API.CONSUMER.MSG.NEXT.${stream}.>, and reading _INBOX.>`;
}
