import { type Frame, NO_HEADERS } from '#contract/frame.ts';
import type { Fixture } from './fixture.ts';

/** A frame of nothing but a body. */
export function bareFrame(address: string, body: Uint8Array): Frame {
  return {
    address,
    key: undefined,
    headers: NO_HEADERS,
    headerTypes: undefined,
    body,
    id: undefined,
    contentType: undefined,
    timestampMs: undefined,
    expiresAtMs: undefined,
  };
}

/** A frame of a test: its text is its body. */
export function frameOf(fixture: Fixture, text: string, more: Partial<Frame> = {}): Frame {
  return { ...bareFrame(fixture.address('a'), Buffer.from(text)), ...more };
}

/** `count` frames with ids, their texts `m0`, `m1`, ... */
export function numbered(fixture: Fixture, count: number): Frame[] {
  return Array.from({ length: count }, (_, at) => frameOf(fixture, `m${at}`, { id: `id-${at}` }));
}

/** The text that `frameOf` put into it. */
export function textOf(frame: Frame): string {
  return Buffer.from(frame.body ?? []).toString();
}

/** Whether all that is wanted was seen, repetitions and others beside. */
export function hasAll(wanted: readonly string[], seen: Iterable<string>): boolean {
  const set = new Set(seen);
  return wanted.every((text) => set.has(text));
}
