import { momentMs } from '#kit/moment.ts';

const NO_MOMENT = {
  where: 'end',
  path: ['start', 'time'],
  expected: 'a moment of the calendar',
  found: 'none',
  write: 'time: "2026-01-02T03:04:05Z"',
} as const;

/** The flaw of a `start: { time }` with a day that does not exist: Date.parse and servers would take another day for it. */
export function startTimeFlaws(start: unknown): readonly (typeof NO_MOMENT)[] {
  if (typeof start !== 'object' || start === null || !('time' in start)) return [];
  return typeof start.time === 'string' && momentMs(start.time) !== undefined ? [] : [NO_MOMENT];
}
