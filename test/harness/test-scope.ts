import { AsyncLocalStorage } from 'node:async_hooks';

const ends = new AsyncLocalStorage<(() => void)[]>();

/**
 * Runs the body of a test. Once it has settled, also where it failed, everything given to `whenTestEnds` inside of it is
 * called: what a failed test leaves at work would keep its file from ending.
 */
export async function testScope(body: () => Promise<void>): Promise<void> {
  const atEnd: (() => void)[] = [];
  try {
    await ends.run(atEnd, body);
  } finally {
    for (const end of atEnd) end();
  }
}

/** Outside of a `testScope` the end never comes. */
export function whenTestEnds(end: () => void): void {
  ends.getStore()?.push(end);
}
