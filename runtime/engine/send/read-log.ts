import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Sink, RecoveredLog } from '#contract/sink.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import { RecoveredIds } from './recovered-ids.ts';

/** The most that a slow server delays the start. */
const DEADLINE_MS = 5000;
/** The driver's own time to end after the deadline. */
const GRACE_MS = 1000;
const RETRY_MS = 250;

/** After a crash a source redelivers unsettled messages: a window. */
const WINDOWS = 4;
const LEAST = 4096;
/** And messages settled since its last commit: no route sends so many a millisecond. */
const PER_MS = 100;

export interface LogReaderSettings {
  readonly pipeline: string;
  readonly route: string;
  /** The sink's own name, for the log. */
  readonly sink: string;
  /** Most messages that may be unsettled. */
  readonly window: number;
  /** How often the source commits its position. */
  readonly commitsEveryMs: number | undefined;
  readonly log: Log;
  /** Aborts the start. */
  readonly opening: AbortSignal;
}

/** Reads the newest frames of the route that the sink's log holds. Rejects when that cannot be done in time. */
export function logReader(sink: Sink, settings: LogReaderSettings): () => Promise<RecoveredLog> {
  const { pipeline, route, window, commitsEveryMs = 0, opening } = settings;
  const most = Math.max(LEAST, window * WINDOWS) + commitsEveryMs * PER_MS;
  const wanted = { prefix: `${pipeline}/${route}/`, most };
  return () => {
    if (sink.recoverIds === undefined) throw new SluiceError('INTERNAL', `the sink of ${route} is no log`);
    const late = AbortSignal.any([opening, AbortSignal.timeout(DEADLINE_MS)]);
    return withDeadline(readWithRetry(sink.recoverIds.bind(sink, wanted, late), late), DEADLINE_MS + GRACE_MS, tooLate);
  };
}

/** The ids that an earlier process sent, read from the sink's own log. The route starts without them where that fails. */
export async function recoverFromLog(sink: Sink, settings: LogReaderSettings): Promise<RecoveredIds | undefined> {
  if (sink.recoverIds === undefined) return undefined;
  const { sink: route, window, log, opening } = settings;
  const startedMs = performance.now();
  try {
    const { ids, seen, lacks } = await logReader(sink, settings)();
    const ms = Math.round(performance.now() - startedMs);
    const found = { route, ids: ids.size, seen, ms };
    // The ids cover every message of a window that may be redelivered.
    if (lacks === undefined || ids.size >= window * WINDOWS) log.info('log-recovered', found);
    else log.warn('log-recovery-incomplete', { ...found, text: `${lacks}: ${CONSEQUENCE}` });
    if (ids.size === 0) return undefined;
    let isReported = false;
    return new RecoveredIds(ids, ({ id }) => {
      if (!isReported) log.warn('log-recovery-id-mismatch', { route, id, text: MISMATCH });
      isReported = true;
    });
  } catch (thrown) {
    if (opening.aborted) return undefined;
    const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
    log.warn('log-recovery-failed', { route, code, text: `${message}: ${CONSEQUENCE}` });
    return undefined;
  }
}

/** Tries again while the server is unreachable: it may be back in time. */
async function readWithRetry(read: () => Promise<RecoveredLog>, late: AbortSignal): Promise<RecoveredLog> {
  for (;;) {
    try {
      return await read();
    } catch (thrown) {
      if (late.aborted || asSluiceError(thrown).code !== 'BUS_UNREACHABLE') throw thrown;
      await pause(RETRY_MS, late);
    }
  }
}

function tooLate(): SluiceError {
  return new SluiceError('BUS_UNREACHABLE', 'the sink did not return the end of its log in time');
}

const MISMATCH =
  'the sink holds this id of an older message, so this message was sent. Either the source was made again, or its clock is ahead of the clock of the sink';
const CONSEQUENCE = 'messages that are redelivered after a crash may be written twice';
