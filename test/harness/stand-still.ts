import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with a count once two looks at it, so far apart, have shown the same. */
export async function standStill(count: () => number | Promise<number>, apartMs: number): Promise<number> {
  let before = Number.NaN;
  for (;;) {
    const now = await count();
    if (now === before) return now;
    before = now;
    await sleep(apartMs);
  }
}
