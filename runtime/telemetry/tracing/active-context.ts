import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

/**
 * Keeps the active context over what a function awaits, so that spans of libraries which it calls are children of its own. Leaves a
 * context manager alone that the process has already. The function returned ends it.
 */
export function keepActiveContext(): () => void {
  const manager = new AsyncLocalStorageContextManager().enable();
  const isOurs = context.setGlobalContextManager(manager);
  if (!isOurs) manager.disable();
  return () => {
    if (isOurs) context.disable();
  };
}
