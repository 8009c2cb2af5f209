import { type MemoryRun, startMemoryRun } from '../host/memory-run.ts';

export const FAST = { retry: { attempts: 3, backoff: '1ms..5ms' } };

/** A run whose one stage is this function. */
export function runOf(
  source: string,
  more: { stage?: object; route?: object; from?: object } = {},
): Promise<MemoryRun> {
  return startMemoryRun({
    files: { 'functions/f.ts': source },
    stages: [{ function: 'f', ...more.stage }],
    route: { ...FAST, ...more.route },
    from: { key: '{address.1}', ...more.from },
  });
}

export async function bodies(run: MemoryRun, count: number): Promise<unknown[]> {
  return (await run.take(count)).map(({ body }) => JSON.parse(Buffer.from(body ?? []).toString()) as unknown);
}
