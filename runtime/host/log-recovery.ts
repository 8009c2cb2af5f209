import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Sink, RecoveredLog } from '#contract/sink.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import { RecoveredIds } from '../engine/recovered-ids.ts';

/** A slow server holds up the start for so long and no longer. */
const DEADLINE_MS = 5000;
/** Beyond it the driver is not waited for either. */
const GRACE_MS = 1000;
const AGAIN_MS = 250;

/** What a source delivers again after a crash is what was not settled: a window. */
const WINDOWS = 4;
const LEAST = 4096;
/** And what was settled since its place was last written down: so many messages a millisecond no route passes on. */
const PER_MS = 100;

export interface LogRecoverySettings {
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

/** Reads the newest frames of the route that the sink's log holds. Rejects when that cannot be done in time. */
export function logReader(sink: Sink, settings: LogRecoverySettings): () => Promise<RecoveredLog> {
  const { pipeline, route, window, commitsEveryMs = 0, opening } = settings;
  const most = Math.max(LEAST, window * WINDOWS) + commitsEveryMs * PER_MS;
  const wanted = { prefix: `${pipeline}/${route}/`, most };
  return () => {
    if (sink.recoverIds === undefined) throw new SluiceError('INTERNAL', `the sink of ${route} is no log`);
    const late = AbortSignal.any([opening, AbortSignal.timeout(DEADLINE_MS)]);
    return withDeadline(ask(sink.recoverIds.bind(sink, wanted, late), late), DEADLINE_MS + GRACE_MS, tooLate);
  };
}

/** What an earlier process has sent, as the sink's own log tells. The route starts without it where that fails. */
export async function recoverFromLog(sink: Sink, settings: LogRecoverySettings): Promise<RecoveredIds | undefined> {
  if (sink.recoverIds === undefined) return undefined;
  const { route, window, log, opening } = settings;
  const startedMs = performance.now();
  try {
    const { ids, seen, lacks } = await logReader(sink, settings)();
    const ms = Math.round(performance.now() - startedMs);
    const found = { route, ids: ids.size, seen, ms };
    // What may come again of a window is known then.
    if (lacks === undefined || ids.size >= window * WINDOWS) log.info('log-recovered', found);
    else log.warn('log-recovery-incomplete', { ...found, text: `${lacks}: ${CONSEQUENCE}` });
    if (ids.size === 0) return undefined;
    let isSaid = false;
    return new RecoveredIds(ids, ({ id }) => {
      if (!isSaid) log.warn('log-recovery-other', { route, id, text: OTHER });
      isSaid = true;
    });
  } catch (thrown) {
    if (opening.aborted) return undefined;
    const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
    log.warn('log-recovery-failed', { route, code, text: `${message}: ${CONSEQUENCE}` });
    return undefined;
  }
}

/** A server that goes while it is asked may be back in time. */
async function ask(tail: () => Promise<RecoveredLog>, late: AbortSignal): Promise<RecoveredLog> {
  for (;;) {
    try {
      return await tail();
    } catch (thrown) {
      if (late.aborted || asSluiceError(thrown).code !== 'BUS_UNREACHABLE') throw thrown;
      await pause(AGAIN_MS, late);
    }
  }
}

function tooLate(): SluiceError {
  return new SluiceError('BUS_UNREACHABLE', 'the sink does not say in time what it holds');
}

const OTHER =
  'the sink holds this id of a message that is older: this one was sent; either the source began anew, or its clock is ahead of the clock of the sink';
const CONSEQUENCE = 'what comes again after a crash may be written twice';
