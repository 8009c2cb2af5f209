import { momentMs } from '#kit/moment.ts';

const NO_MOMENT = {
  where: 'end',
  path: ['start', 'time'],
  expected: 'a moment of the calendar',
  found: 'none',
  write: 'time: "2026-01-02T03:04:05Z"',
} as const;

/** The flaw of `start: { time }` of a source whose day no calendar has: Date.parse and servers take other days for it. */
export function startTimeFlaws(start: unknown): readonly (typeof NO_MOMENT)[] {
  if (typeof start !== 'object' || start === null || !('time' in start)) return [];
  return typeof start.time === 'string' && momentMs(start.time) !== undefined ? [] : [NO_MOMENT];
}
