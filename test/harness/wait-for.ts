import { setTimeout as sleep } from 'node:timers/promises';
import { patient } from './patience.ts';

const POLL_MS = 10;

type Awaitable<T> = T | Promise<T>;

/**
 * Polls until `condition` yields something other than false, null or undefined, and returns that. Rejects past the
 * deadline, which a patient run makes longer, naming what was awaited; an error that the condition throws is the cause, not the end of the wait.
 */
export async function waitFor<T>(
  condition: () => Awaitable<T | false | null | undefined>,
  deadlineMs: number,
  what: string,
): Promise<T> {
  const endMs = performance.now() + patient(deadlineMs);
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) {
        return value;
      }
      cause = undefined;
    } catch (thrown) {
      cause = thrown;
    }
    if (performance.now() >= endMs) {
      throw new Error(`waited ${patient(deadlineMs)} ms in vain: ${what}`, { cause });
    }
    await sleep(POLL_MS);
  }
}
