import { pause } from '#kit/deadline.ts';
import type { Epoch } from './epoch.ts';

/** The interval, at most; never more than a sixth of the session. */
const INTERVAL_MS = 3000;
const RETRY_MS = 250;

export interface HeartbeatOwner {
  heartbeat(): Promise<void>;
  succeeded(): void;
  /** True when the server has refused it, which is an answer too. */
  failed(thrown: unknown): boolean;
}

/** Sends heartbeats until the epoch is finished. Ends it as lost when none is answered for as long as the session. */
export async function sendHeartbeats(epoch: Epoch, sessionMs: number, owner: HeartbeatOwner): Promise<void> {
  const intervalMs = Math.min(INTERVAL_MS, sessionMs / 6);
  let answeredAtMs = performance.now();
  let waitMs = intervalMs;
  for (;;) {
    await pause(waitMs, epoch.finished);
    if (epoch.finished.aborted || epoch.isForfeit) return;
    try {
      await owner.heartbeat();
      answeredAtMs = performance.now();
      waitMs = intervalMs;
      owner.succeeded();
    } catch (thrown) {
      const isAnswered = owner.failed(thrown);
      waitMs = isAnswered ? intervalMs : RETRY_MS;
      if (isAnswered) answeredAtMs = performance.now();
      if (performance.now() - answeredAtMs > sessionMs) epoch.end('lost');
    }
  }
}
