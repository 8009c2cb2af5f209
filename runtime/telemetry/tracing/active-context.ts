import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
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

/** Runs `act` with the span as the active one, also in what it awaits. */
export function within<Result>(span: Span, act: () => Result): Result {
  return context.with(trace.setSpan(ROOT_CONTEXT, span), act);
}
