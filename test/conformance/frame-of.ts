import type { Frame } from '#contract/frame.ts';
import { frameForTest } from '../harness/test-frame.ts';
import type { Fixture } from './fixture.ts';

/** A frame of a test: its text is its body. */
export function frameOf(fixture: Fixture, text: string, more: Partial<Frame> = {}): Frame {
  return frameForTest(fixture.address('a'), text, more);
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
