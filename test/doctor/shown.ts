import assert from 'node:assert/strict';
import type { CheckLine } from '../../runtime/contract/doctor.ts';

/** `verdict CODE` of each line. A warning or an error without what to write fails. */
export function shown(lines: readonly CheckLine[]): readonly string[] {
  for (const { verdict, code, write } of lines)
    assert.ok(verdict === 'ok' || verdict === 'unknown' || write !== undefined, `${code} says what to write`);
  return lines.map(({ verdict, code }) => `${verdict} ${code}`);
}
