import type { Checkpoint } from '#contract/checkpoint.ts';
import type { Waiting } from './pending-count.ts';

/** The state of a stream in the checkpoint of its source; the server has the rest. */
export interface KeptStream {
  readonly stream: string;
  /** The creation time by the server's clock. */
  readonly created: string;
  /** The prefix of the ids of its messages. */
  readonly name: string;
  /** The highest received sequence. */
  readonly received: number;
  /** The delivery count of the consumer at that sequence. */
  readonly deliveries: number;
  /** The highest storage time of a received message, in milliseconds since 1970. */
  readonly newestMs: number;
  /** Messages missing at or below this sequence were removed before the durable was made. */
  readonly countFrom: number;
  /** Undefined when nothing is known, or when the route reads the whole stream and counts sequences. */
  readonly waiting: Waiting | undefined;
}

/** Undefined when nothing is stored, or the state of another stream or bus. */
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
