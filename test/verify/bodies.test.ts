import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TIME_UNITS, unitMs } from '../../runtime/kit/time-unit.ts';
import { withValues } from '../../runtime/verify/bodies.ts';

const SENT = { run: '0', key: 'k', number: 7, sentAtMs: 1_795_708_521_377 };

test('a body of the checker has the time of its sending in the unit that the route reads, as a number or as digits', () => {
  for (const kind of TIME_UNITS) {
    const wanted = kind === 's' ? 1_795_708_521_000 : SENT.sentAtMs;
    for (const before of [{}, { ts: 5 }, { ts: '0' }]) {
      const { ts } = withValues(before, [{ path: ['ts'], kind }], SENT);
      assert.equal(typeof ts, 'ts' in before ? typeof before.ts : 'number');
      assert.equal(unitMs(String(JSON.parse(JSON.stringify(ts))), kind), wanted, `${kind} ${String(ts)}`);
    }
    const { ts } = withValues({ ts: 'noon' }, [{ path: ['ts'], kind }], SENT);
    assert.equal(ts, new Date(SENT.sentAtMs).toISOString());
  }
});
