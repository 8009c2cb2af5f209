import { inspect } from 'node:util';
import type { TestEvent } from 'node:test/reporters';
import type { FileEvent } from './file-event.ts';

const say = (event: FileEvent): void => void process.send?.(event);

/** What a failure is shown as: what was thrown, not what the test runner wraps around it. */
function textOf(error: Error | undefined): string {
  const cause: unknown = error?.cause ?? error;
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 6, breakLength: 120 });
}

const reasonOf = (skip: string | boolean | undefined): string | undefined =>
  skip === undefined || skip === false ? undefined : String(skip);

/** What the runner counts at the end it says of the file's first character, where no test stands. */
const isSummary = ({ line, column }: { line?: number; column?: number }): boolean => line === 1 && column === 1;

/**
 * Node's test runner in the process of one file calls it. Each test that ends is sent to the parent process; nothing is
 * printed.
 */
export default async function* eventReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type === 'test:enqueue') say({ kind: 'begins', id: data.testId, parent: data.parentId ?? 0, name: data.name });
    else if (type === 'test:diagnostic' && !isSummary(data)) say({ kind: 'noted', text: data.message });
    else if (type === 'test:complete') {
      const { testId: id, details, skip } = data;
      if (details.type === 'suite' && details.passed) continue;
      const failure = details.passed ? undefined : textOf(details.error);
      say({ kind: 'ended', id, ms: details.duration_ms, skipped: reasonOf(skip), failure });
    }
  }
  yield '';
}
