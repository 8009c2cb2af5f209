import { asSluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import { SentBefore } from './engine/sent-before.ts';

/** A slow server holds up the start for so long and no longer. */
const DEADLINE_MS = 5000;
/** Beyond it the driver is not waited for either. */
const GRACE_MS = 1000;

/** What a source delivers again after a crash is what was not settled: a window. */
const WINDOWS = 4;
const LEAST = 4096;
/** And what was settled since its place was last written down: so many messages a millisecond no route passes on. */
const PER_MS = 100;

export interface TailSettings {
  readonly pipeline: string;
  readonly route: string;
  /** Most messages that may be unsettled. */
  readonly window: number;
  /** Of its source. */
  readonly commitsEveryMs: number | undefined;
  readonly log: Log;
  /** Aborts the start. */
  readonly opening: AbortSignal;
}

/** Reads what an earlier process has sent from the sink's own log. The route starts without it where that fails. */
export async function readTail(sink: Sink, settings: TailSettings): Promise<SentBefore | undefined> {
  if (sink.tail === undefined) return undefined;
  const { pipeline, route, window, commitsEveryMs = 0, log, opening } = settings;
  const most = Math.max(LEAST, window * WINDOWS) + commitsEveryMs * PER_MS;
  const wanted = { prefix: `${pipeline}/${route}/`, most };
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
    if (ids.size === 0) return undefined;
    let isSaid = false;
    return new SentBefore(ids, ({ id }) => {
      if (!isSaid) log.warn('tail-other', { route, id, text: OTHER });
      isSaid = true;
    });
  } catch (thrown) {
    if (opening.aborted) return undefined;
    const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
    log.warn('tail-unread', { route, code, text: `${message}: ${CONSEQUENCE}` });
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

const OTHER =
  'the sink holds this id of a message that is older: this one was sent; either the source began anew, or its clock is ahead of the clock of the sink';
const CONSEQUENCE = 'what comes again after a crash may be written twice';
