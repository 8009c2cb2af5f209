import type { Memo } from '#contract/memo.ts';

/** What a source knew of its stream when it last wrote that down; the server knows the rest. */
export interface KeptStream {
  readonly stream: string;
  /** When it was made, as the server says it. */
  readonly created: string;
  /** Begins the ids of its messages. */
  readonly name: string;
  /** The highest sequence that came. */
  readonly received: number;
  /** Of the consumer, up to that one: its own count. */
  readonly deliveries: number;
  /** When the newest of all that came was stored, in milliseconds since 1970. */
  readonly newestMs: number;
  /** What was removed at or below this sequence was so before the durable was made. */
  readonly countFrom: number;
}

/** Undefined where nothing is kept, or that of another stream or bus. */
export function readKept(memo: Memo, stream: string): KeptStream | undefined {
  try {
    const kept: unknown = JSON.parse(memo.read() ?? '');
    return isKept(kept) && kept.stream === stream ? kept : undefined;
  } catch {
    return undefined;
  }
}

function isKept(value: unknown): value is KeptStream {
  if (typeof value !== 'object' || value === null) return false;
  const numbers = ['received', 'deliveries', 'newestMs', 'countFrom'].every(
    (name) => typeof Reflect.get(value, name) === 'number',
  );
  return numbers && ['stream', 'created', 'name'].every((name) => typeof Reflect.get(value, name) === 'string');
}

/** Durable when it returns. Throws STATE_UNUSABLE. */
export function writeKept(memo: Memo, kept: KeptStream): void {
  memo.write(JSON.stringify(kept));
}
