import { crc32 } from 'node:zlib';
import type { Frame } from '#contract/frame.ts';
import type { Checkpoint } from '#contract/checkpoint.ts';

/** Where a route is in a stream. */
export type Place =
  /** It has none yet: as the pipeline file says. */
  | { readonly kind: 'start' }
  /** The stream is another one than before. */
  | { readonly kind: 'first' }
  /** Attached then, and nothing has come since. Milliseconds since 1970 (UTC). */
  | { readonly kind: 'since'; readonly ms: number }
  /** This is the first that came, and it is not settled; an earlier version wrote no `print`. */
  | { readonly kind: 'from'; readonly offset: number; readonly print?: string }
  /** Settled up to and with this one; `print` tells whether it is still the same message. */
  | { readonly kind: 'after'; readonly offset: number; readonly print: string };

/** A place, and in which stream of that name: one that is deleted and made again starts at 0 anew. */
export interface Kept {
  readonly queue: string;
  readonly generation: number;
  readonly place: Place;
}

/** Undefined where nothing is kept, or that of another stream. Throws STATE_DAMAGED where it was lost. */
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

/** As `writePlace` writes it, by all that tells it from a stranger's text. */
function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null || !('generation' in value) || !('place' in value)) return false;
  const { place } = value;
  return typeof value.generation === 'number' && typeof place === 'object' && place !== null && 'kind' in place;
}

/** Durable when it returns. Throws STATE_UNUSABLE. */
export function writePlace(checkpoint: Checkpoint, kept: Kept): void {
  checkpoint.write(JSON.stringify(kept));
}

/** Tells a message from another one at the same offset. */
export function fingerprintOf({ address, body, id, timestampMs }: Frame): string {
  const name = crc32(`${address}\n${id ?? ''}\n${timestampMs ?? ''}`);
  return `${crc32(body ?? '').toString(36)}-${(body?.length ?? 0).toString(36)}-${name.toString(36)}`;
}
