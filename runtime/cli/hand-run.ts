import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Log, LogFields } from '#contract/log.ts';
import { harmless } from '#kit/printable.ts';
import type { EndReports } from '../ends/single-end.ts';

/** A bus that has not answered within it is not reached. */
const OPEN_MS = 15_000;

/**
 * Opens an end. At the first problem, and when nothing is reached in time, it gives up and rejects with a SluiceError: a person sees
 * at once what is wrong. Problems of later are logged, and the end connects again by itself.
 */
export async function opened<Made>(
  open: (reports: EndReports) => Promise<Made>,
  told: AbortSignal,
): Promise<Made | undefined> {
  const stop = new AbortController();
  const trouble = Promise.withResolvers<never>();
  trouble.promise.catch(() => {});
  let isOpen = false;
  const log = plainLog(() => isOpen);
  const late = setTimeout(
    () => trouble.reject(new SluiceError('BUS_UNREACHABLE', `no connection within ${OPEN_MS / 1000} s`)),
    OPEN_MS,
  );
  const abort = (): void => stop.abort();
  told.addEventListener('abort', abort, { once: true });
  const opening = open({ log, signal: stop.signal, onProblem: (error) => trouble.reject(error) });
  try {
    const made = await Promise.race([opening, trouble.promise]);
    isOpen = true;
    return made;
  } catch (thrown) {
    stop.abort();
    if (told.aborted) return undefined;
    throw asSluiceError(thrown);
  } finally {
    clearTimeout(late);
    told.removeEventListener('abort', abort);
    opening.catch(() => {});
  }
}

/** What a connection reports while it works, for a person who watches one. */
function plainLog(isOpen: () => boolean): Log {
  const say = (event: string, { code, text }: LogFields = {}): void => {
    if (isOpen()) process.stderr.write(`sluice: ${code ?? event}  ${harmless(String(text ?? ''))}\n`);
  };
  return { info: say, warn: say, error: say };
}

/** Aborts at Ctrl-C, at SIGTERM, and when nobody reads the output any more. A second signal ends the process at once. */
export function untilTold(): { readonly signal: AbortSignal; restore(): void } {
  const ended = new AbortController();
  const end = (): void => {
    if (ended.signal.aborted) process.exit(130);
    ended.abort();
  };
  const unread = (): void => ended.abort();
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.stdout.on('error', unread);
  return {
    signal: ended.signal,
    restore() {
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
    },
  };
}
