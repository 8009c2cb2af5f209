import assert from 'node:assert/strict';
import type { SpoolStore } from '../../../runtime/store/spool/spool-store.ts';
import { messageOfNumber } from './taken-message.ts';

/** What a taker said before its end. */
export interface Marks {
  readonly accepted: ReadonlySet<number>;
  readonly delivered: ReadonlySet<number>;
  /** Whose ids are durable. */
  readonly ended: ReadonlySet<number>;
}

export function readMarks(text: string): Marks {
  const numbers = (kind: string): Set<number> =>
    new Set([...text.matchAll(new RegExp(`^${kind} (\\d+)\n`, 'gm'))].map(([, number]) => Number(number)));
  return { accepted: numbers('a'), delivered: numbers('d'), ended: numbers('e') };
}

/** Numbers that were accepted, not delivered, and are not there. What is there must be as it was sent, and in order. */
export function lostOf(store: SpoolStore, { accepted, delivered }: Marks): number[] {
  const there: number[] = [];
  for (
    let rows = store.next({ messages: 256, bytes: 1e9 });
    rows.length > 0;
    rows = store.next({ messages: 256, bytes: 1e9 })
  ) {
    for (const { message } of rows) {
      const sent = messageOfNumber(Number(message.id));
      assert.deepEqual(
        { ...message.frame, body: Buffer.from(message.frame.body ?? []) },
        { ...sent, body: Buffer.from(sent.body ?? []) },
      );
      there.push(Number(message.id));
    }
  }
  assert.deepEqual(
    there,
    there.toSorted((a, b) => a - b),
    'in order',
  );
  const found = new Set(there);
  assert.equal(found.size, there.length, 'each once');
  return [...accepted].filter((number) => !delivered.has(number) && !found.has(number));
}
