import { momentMs } from '#kit/moment.ts';
import { DURATION_PATTERN, durationMs } from '#kit/quantity.ts';
import type { WatchStart } from '#contract/watch.ts';
import { UsageError } from './command.ts';

/** `--from earliest`, `--from new`, `--from 30m` (that long ago), `--from 2026-11-28T10:00:00Z`. Throws UsageError. */
export function startOption(text: string | undefined, nowMs: number): WatchStart {
  if (text === undefined || text === 'new') return 'new';
  if (text === 'earliest') return 'earliest';
  if (momentMs(text) !== undefined) return { time: text };
  if (new RegExp(DURATION_PATTERN).test(text)) {
    const sinceMs = nowMs - durationMs(text);
    if (sinceMs > 0) return { time: new Date(sinceMs).toISOString() };
  }
  throw new UsageError(`expected --from earliest, new, a duration (30m) or a moment (RFC 3339), found ${text}`);
}
