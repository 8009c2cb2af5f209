import { asSluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import { SentBefore } from './engine/sent-before.ts';

/** A slow server holds up the start for so long and no longer. */
const DEADLINE_MS = 5000;
/** Beyond it the driver is not waited for either. */
const GRACE_MS = 1000;

/**
 * What a source can deliver again after a crash is what was not settled: at most a window, and what is settled in
 * between two commits of its place, which are 200 ms (Kafka) or a second (a RabbitMQ stream) apart.
 */
const WINDOWS = 4;
const LEAST = 32_768;

export interface TailSettings {
  readonly pipeline: string;
  readonly route: string;
  /** Most messages that may be unsettled. */
  readonly window: number;
  readonly log: Log;
  /** Aborts the start. */
  readonly opening: AbortSignal;
}

/** Reads what an earlier process has sent from the sink's own log. The route starts without it where that fails. */
export async function readTail(sink: Sink, settings: TailSettings): Promise<SentBefore | undefined> {
  if (sink.tail === undefined) return undefined;
  const { pipeline, route, window, log, opening } = settings;
  const wanted = { prefix: `${pipeline}/${route}/`, most: Math.max(LEAST, window * WINDOWS) };
  const startedMs = performance.now();
  const late = AbortSignal.timeout(DEADLINE_MS);
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(new Error('the sink does not answer')), DEADLINE_MS + GRACE_MS);
  try {
    const { ids, seen, lacks } = await Promise.race([
      sink.tail(wanted, AbortSignal.any([opening, late])),
      tooLate.promise,
    ]);
    const ms = Math.round(performance.now() - startedMs);
    const found = { route, ids: ids.size, seen, ms };
    // What may come again of a window is known then.
    if (lacks === undefined || ids.size >= window * WINDOWS) log.info('tail-read', found);
    else log.warn('tail-short', { ...found, text: `${lacks}: ${CONSEQUENCE}` });
    return ids.size === 0 ? undefined : new SentBefore(ids);
  } catch (thrown) {
    if (opening.aborted) return undefined;
    const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
    log.warn('tail-unread', { route, code, text: `${message}: ${CONSEQUENCE}` });
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

const CONSEQUENCE = 'what comes again after a crash may be written twice';
