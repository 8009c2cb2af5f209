import { AsyncLocalStorage } from 'node:async_hooks';

interface Scope {
  readonly ends: Set<() => void>;
  isOver: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/**
 * Runs the body of a test. Once it has settled, also where it failed, and at `signal`, which comes when its time is up,
 * everything given to `whenTestEnds` inside of it is called: what a failed test leaves at work would keep its file from
 * ending.
 */
export async function testScope(signal: AbortSignal, body: () => Promise<void>): Promise<void> {
  const scope: Scope = { ends: new Set(), isOver: false };
  const close = (): void => {
    scope.isOver = true;
    for (const end of scope.ends) end();
    scope.ends.clear();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    await scopes.run(scope, body);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** Calls it at once where the test is over already. Outside of a `testScope` the end never comes. */
export function whenTestEnds(end: () => void): void {
  const scope = scopes.getStore();
  if (scope?.isOver === true) end();
  else scope?.ends.add(end);
}
