import type { Delivery } from '#contract/delivery.ts';
import type { Replay } from '#contract/replay.ts';
import type { Demand, Source } from '#contract/source.ts';

/**
 * Merges a source and the dead letters that are replayed: they take turns, so that neither starves the other. While there
 * are no dead letters, a read is the source's own and has no extra cost.
 */
export function mergedSource(main: Source, replay: Replay): Source {
  let turn = new AbortController();
  let isLettersTurn = true;
  let outer: AbortSignal | undefined;
  replay.onReady(() => turn.abort());
  return {
    async read(room, signal) {
      if (signal !== outer) {
        outer = signal;
        signal.addEventListener('abort', () => turn.abort(), { once: true });
      }
      while (!signal.aborted) {
        const letters = isLettersTurn && replay.isReady ? replay.take(room) : [];
        isLettersTurn = letters.length === 0;
        if (letters.length > 0) return letters;
        const read = await mainTurn(room);
        if (read.length > 0) return read;
      }
      return [];
    },
    close: () => main.close(),
  };

  async function mainTurn(room: Demand): Promise<readonly Delivery[]> {
    if (turn.signal.aborted) turn = new AbortController();
    const own = turn;
    // The source returns deliveries that are at hand; nothing waits for it while dead letters wait.
    if (replay.isReady) setImmediate(() => own.abort());
    const read = await main.read(room, own.signal);
    isLettersTurn = true;
    return read;
  }
}

/** An empty source, for a route that only replays dead letters. */
export const IDLE_SOURCE: Source = {
  read: (_, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve([]);
      signal.addEventListener('abort', () => resolve([]), { once: true });
    }),
  close: () => Promise.resolve(),
};
