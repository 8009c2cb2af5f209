import type { Frame } from '../../../runtime/contract/frame.ts';
import { frameForTest } from '../../engine/route-for-test.ts';

/** The message of a number: the same each time, to the last byte. */
export function messageOfNumber(number: number): Frame {
  const key = `unit-${number % 16}`;
  const body = `${number} ${String.fromCharCode(97 + (number % 26)).repeat((number * 7919) % 3000)}`;
  return frameForTest(`fleet/${key}/position`, body, { key, headers: new Map([['n', [String(number)]]]) });
}
