import { durationMs } from '#kit/quantity.ts';
import { RehearsalError } from '../rehearsal-error.ts';

/** A connection that is away for a time of the trial. */
export interface Outage {
  readonly connection: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** `core:30s@10s`: 30 s, from 10 s after the start on; without `@` from the start on. */
export function outageOf(text: string): Outage {
  const found = /^(?<connection>[^:@]+):(?<lasts>\d+(?:ms|s|m|h))(?:@(?<from>\d+(?:ms|s|m|h)))?$/.exec(text)?.groups;
  const { connection, lasts, from = '0s' } = found ?? {};
  if (connection === undefined || lasts === undefined) {
    throw new RehearsalError(
      `expected an outage such as core:30s@10s (connection, how long, from when), found ${text}`,
    );
  }
  const fromMs = durationMs(from);
  return { connection, fromMs, untilMs: fromMs + durationMs(lasts) };
}
