import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { withDeadline } from '#kit/deadline.ts';

/** What an operator hears of an exporter. */
export interface ExportReports {
  /** The first failed export of an outage. */
  readonly onTrouble: (text: string) => void;
  /** An export succeeded after that. */
  readonly onRecovered: () => void;
}

/**
 * Tells failures once an outage, and hides them from the SDK, which would report each of them to its global logger: wraps what takes
 * the result of an export.
 */
export function reportsOf({ onTrouble, onRecovered }: ExportReports) {
  let hasFailed = false;
  return (done: (result: ExportResult) => void) =>
    ({ code, error }: ExportResult): void => {
      const isFailed = code !== ExportResultCode.SUCCESS;
      if (isFailed && !hasFailed) onTrouble(error?.message ?? 'the collector did not take it');
      if (!isFailed && hasFailed) onRecovered();
      hasFailed = isFailed;
      done({ code: ExportResultCode.SUCCESS });
    };
}

const CLOSE_MS = 2000;

/** Waits for the last export of a signal. Rejects when the collector has not taken it within the deadline: a stop does not wait longer. */
export function lastExport(ended: Promise<void>, what: 'lines' | 'metrics' | 'spans'): Promise<void> {
  const text = `expected the collector to take the last ${what} within ${CLOSE_MS} ms, found it silent`;
  return withDeadline(ended, CLOSE_MS, () => new Error(text));
}
