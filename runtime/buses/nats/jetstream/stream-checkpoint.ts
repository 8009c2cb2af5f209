import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Waiting } from './pending-count.ts';

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
  /** Undefined where nothing is known, or the route reads all of the stream, and counts sequences. */
  readonly waiting: Waiting | undefined;
}

/** Undefined where nothing is kept, or that of another stream or bus. */
export function readKept(checkpoint: Checkpoint, stream: string): KeptStream | undefined {
  try {
    const kept: unknown = JSON.parse(checkpoint.read() ?? '');
    return isKept(kept) && kept.stream === stream ? { ...kept, waiting: waitingOf(kept) } : undefined;
  } catch {
    return undefined;
  }
}

function isKept(value: unknown): value is KeptStream {
  return (
    has(value, 'number', 'received', 'deliveries', 'newestMs', 'countFrom') &&
    has(value, 'string', 'stream', 'created', 'name')
  );
}

function waitingOf({ waiting }: KeptStream): Waiting | undefined {
  const isWhole = has(waiting, 'number', 'messages', 'deliveries', 'storedUpTo') && has(waiting, 'string', 'made');
  return isWhole ? waiting : undefined;
}

function has(value: unknown, type: 'number' | 'string', ...names: readonly string[]): boolean {
  // eslint-disable-next-line valid-typeof -- one of the two
  return typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === type);
}

/** Durable when it returns. Throws STATE_UNUSABLE. */
export function writeKept(checkpoint: Checkpoint, kept: KeptStream): void {
  checkpoint.write(JSON.stringify(kept));
}
