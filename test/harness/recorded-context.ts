import type { BusContext, BusEvent } from '../../runtime/contract/bus.ts';
import { newCheckpoint } from './checkpoint.ts';
import { waitFor } from './wait-for.ts';

const DEADLINE_MS = 20_000;

/** The context of one end, and the reports that the end made through it. */
export interface Recorded {
  readonly context: BusContext;
  readonly events: readonly BusEvent[];
  /** Aborts the context's signal. */
  readonly stop: AbortController;
  /** Waits for a problem, notice or loss of that code, and returns its text. */
  readonly reported: (code: string, deadlineMs?: number) => Promise<string>;
  /** Waits for a report of that kind made after the call. */
  readonly nextReport: (kind: BusEvent['kind']) => Promise<void>;
}

const codeOf = (event: BusEvent): string | undefined =>
  event.kind === 'problem' ? event.error.code : 'code' in event ? event.code : undefined;

const textOf = (event: BusEvent): string =>
  event.kind === 'problem' ? event.error.message : 'text' in event ? event.text : event.detail;

/** `given`: all that the test wants otherwise. */
export function recordedContext(
  direction: BusContext['direction'],
  given: Partial<BusContext> = {},
  withinMs = DEADLINE_MS,
): Recorded {
  const events: BusEvent[] = [];
  const stop = new AbortController();
  return {
    events,
    stop,
    context: {
      pipeline: 'test',
      route: 'r',
      connection: 'tested',
      direction,
      window: { messages: 256, bytes: 16 * 1024 ** 2 },
      isFenced: false,
      checkpoint: newCheckpoint(),
      signal: stop.signal,
      report: (event) => void events.push(event),
      ...given,
    },
    async reported(code, deadlineMs = withinMs) {
      return textOf(
        await waitFor(() => events.find((event) => codeOf(event) === code), deadlineMs, `a report of ${code}`),
      );
    },
    async nextReport(kind) {
      const from = events.length;
      await waitFor(
        () => events.slice(from).some((event) => event.kind === kind),
        withinMs,
        `the ${direction} to report ${kind}`,
      );
    },
  };
}
