import { type Frame, NO_HEADERS } from '#contract/frame.ts';
import type { Ground } from './ground.ts';

/** A frame of a law: its text is its body. */
export function frameOf(ground: Ground, text: string, more: Partial<Frame> = {}): Frame {
  return {
    address: ground.address('a'),
    key: undefined,
    headers: NO_HEADERS,
    headerTypes: undefined,
    body: Buffer.from(text),
    id: undefined,
    contentType: undefined,
    timestampMs: undefined,
    expiresAtMs: undefined,
    ...more,
  };
}

/** `count` frames with ids, their texts `m0`, `m1`, ... */
export function numbered(ground: Ground, count: number): Frame[] {
  return Array.from({ length: count }, (_, at) => frameOf(ground, `m${at}`, { id: `id-${at}` }));
}

/** The text that `frameOf` put into it. */
export function textOf(frame: Frame): string {
  return Buffer.from(frame.body ?? []).toString();
}
