import { crc32 } from 'node:zlib';
import type { Frame } from '#contract/frame.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';

/** The position of a route in a stream. */
export type Place =
  /** No position yet: `start` of the pipeline file counts. */
  | { readonly kind: 'start' }
  /** The stream was replaced: it is read from its beginning. */
  | { readonly kind: 'first' }
  /** Attached at that time, and no message was received since. Milliseconds since 1970 (UTC). */
  | { readonly kind: 'since'; readonly ms: number }
  /** The first received message, which is not settled. An earlier version wrote no `print`. */
  | { readonly kind: 'from'; readonly offset: number; readonly print?: string }
  /** Settled up to and including this message; `print` shows whether it is still the same one. */
  | { readonly kind: 'after'; readonly offset: number; readonly print: string };

/** A position, and the generation of the stream: one that is deleted and declared again starts at offset 0 again. */
export interface Kept {
  readonly queue: string;
  readonly generation: number;
  readonly place: Place;
}

/** Undefined when nothing is saved, or the position in another stream. Throws STATE_DAMAGED when it was lost. */
export function readPlace(checkpoint: Checkpoint, queue: string): Kept | undefined {
  const text = checkpoint.read();
  if (text === undefined) {
    checkpoint.assertKept?.();
    return undefined;
  }
  try {
    const kept: unknown = JSON.parse(text);
    return isKept(kept) && kept.queue === queue ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Checks the parts that distinguish text of `writePlace` from other text. */
function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null || !('generation' in value) || !('place' in value)) return false;
  const { place } = value;
  return typeof value.generation === 'number' && typeof place === 'object' && place !== null && 'kind' in place;
}

/** Durable when it returns. Throws STATE_UNUSABLE. */
export function writePlace(checkpoint: Checkpoint, kept: Kept): void {
  checkpoint.write(JSON.stringify(kept));
}

/** Distinguishes a message from another one at the same offset. */
export function fingerprintOf({ address, body, id, timestampMs }: Frame): string {
  const name = crc32(`${address}\n${id ?? ''}\n${timestampMs ?? ''}`);
  return `${crc32(body ?? '').toString(36)}-${(body?.length ?? 0).toString(36)}-${name.toString(36)}`;
}
