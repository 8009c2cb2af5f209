import { pause } from '#kit/deadline.ts';
import { after } from '#kit/timer.ts';
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

/** Sends heartbeats until the epoch is finished. Ends it as lost once its session is over, also while an answer is awaited. */
export async function sendHeartbeats(epoch: Epoch, sessionMs: number, owner: HeartbeatOwner): Promise<void> {
  const intervalMs = Math.min(INTERVAL_MS, sessionMs / 6);
  const cancel = watchSession(epoch);
  // The first one at once: the answer to the join may have waited in this process for longer than a session.
  let waitMs = 0;
  for (;;) {
    await pause(waitMs, epoch.finished);
    if (epoch.finished.aborted || epoch.isForfeit) return cancel();
    const sentMs = performance.now();
    try {
      await owner.heartbeat();
      epoch.answered(sentMs);
      waitMs = intervalMs;
      owner.succeeded();
    } catch (thrown) {
      const isAnswered = owner.failed(thrown);
      waitMs = isAnswered ? intervalMs : RETRY_MS;
      if (isAnswered) epoch.answered(sentMs);
    }
  }
}

/** Ends the epoch as lost when its session is over. Returns the function that ends the watch. */
function watchSession(epoch: Epoch): () => void {
  let cancel: () => void;
  const watch = (): void => {
    cancel = after(Math.max(0, epoch.sessionLeftMs) + 1, () => {
      epoch.checkSession();
      if (!epoch.isForfeit && !epoch.finished.aborted) watch();
    });
  };
  watch();
  return () => cancel();
}
