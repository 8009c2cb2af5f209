import type { Socket } from 'node:net';
import { Deque } from '#kit/deque.ts';
import { frameCutter, type FrameReader } from './frames.ts';

/** What both directions of all connections of a link obey at this moment. */
export interface Weather {
  delayMs: number;
  /** Directions in which bytes are held back, as on a cable that is pulled: the connection stays, TCP would go on trying. */
  readonly held: Set<Direction>;
  /** What all connections together may carry each way; undefined: no bound. */
  bytesPerSecond: number | undefined;
  /** How the server's side is cut into frames; undefined: it is not looked into. */
  readonly frames: FrameReader | undefined;
  /** Of what the server sends, only heartbeats pass; the rest is gone for good. */
  heartbeatsOnly: boolean;
  /** When the last byte that was taken in will have passed, each way. */
  readonly busyUntilMs: Record<Direction, number>;
}

/** `up`: from the client to the server. */
export type Direction = 'up' | 'down';

/** On a slow link the connections take turns: a segment of Ethernet's each. */
const SEGMENT_BYTES = 1448;

/** Above it the sender is no longer read, so that a held direction fills the sender's own buffers, as on a real link. */
const MAX_HELD_BYTES = 1024 * 1024;

/**
 * Moves bytes from one socket to another, late or not at all, never reordered; `watch` sees what is handed on. Returns
 * what to call when the weather changes.
 */
export function pipe(
  from: Socket,
  to: Socket,
  direction: Direction,
  weather: Weather,
  watch?: (bytes: Buffer) => void,
): () => void {
  const waiting = new Deque<{ readonly dueMs: number; readonly chunk: Buffer | undefined }>();
  let heldBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    while (!weather.held.has(direction)) {
      const first = waiting.at(0);
      if (first === undefined) break;
      const leftMs = first.dueMs - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(flush, leftMs);
        break;
      }
      waiting.shift();
      if (first.chunk === undefined) to.end();
      else {
        heldBytes -= first.chunk.length;
        watch?.(first.chunk);
        to.write(first.chunk);
      }
    }
    if (heldBytes + to.writableLength < MAX_HELD_BYTES) from.resume();
  };
  const dueMs = (bytes: number): number => {
    const nowMs = performance.now();
    if (weather.bytesPerSecond === undefined) return nowMs + weather.delayMs;
    const busy = Math.max(nowMs, weather.busyUntilMs[direction]) + (bytes / weather.bytesPerSecond) * 1000;
    weather.busyUntilMs[direction] = busy;
    return busy + weather.delayMs;
  };
  const segments = (chunk: Buffer | undefined): (Buffer | undefined)[] => {
    if (chunk === undefined || weather.bytesPerSecond === undefined) return [chunk];
    const count = Math.ceil(chunk.length / SEGMENT_BYTES);
    return Array.from({ length: count }, (_, at) => chunk.subarray(at * SEGMENT_BYTES, (at + 1) * SEGMENT_BYTES));
  };
  const enter = (chunk: Buffer | undefined): void => {
    heldBytes += chunk?.length ?? 0;
    for (const segment of segments(chunk)) waiting.push({ dueMs: dueMs(segment?.length ?? 0), chunk: segment });
    if (heldBytes + to.writableLength >= MAX_HELD_BYTES) from.pause();
    flush();
  };
  const cut = direction === 'down' && weather.frames !== undefined ? frameCutter(weather.frames) : undefined;
  from.on('data', (chunk: Buffer) => {
    if (cut === undefined) return enter(chunk);
    for (const { frame, isHeartbeat } of cut(chunk)) if (isHeartbeat || !weather.heartbeatsOnly) enter(frame);
  });
  from.on('end', () => enter(undefined));
  to.on('drain', flush);
  from.on('close', () => clearTimeout(timer));
  return flush;
}
