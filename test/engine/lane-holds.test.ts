import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { type Hold, LaneHolds } from '../../runtime/engine/history/lane-holds.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('hold' as const), lane: fc.constantFrom('a', 'b') }),
  fc.record({ kind: fc.constant('release' as const), which: fc.nat() }),
  fc.record({ kind: fc.constant('ask' as const), lane: fc.constantFrom('a', 'b') }),
);

test('a wait ends once all holds of its lane that were open at its begin are released, and not before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const holds = new LaneHolds();
      const open: Hold[] = [];
      const waits: { readonly left: Set<Hold>; isOver: boolean }[] = [];
      for (const one of steps) {
        if (one.kind === 'hold') open.push(holds.hold(one.lane));
        else if (one.kind === 'release') {
          const [released] = open.splice(one.which % Math.max(1, open.length), 1);
          if (released === undefined) continue;
          holds.release(released);
          for (const { left } of waits) left.delete(released);
        } else {
          const left = new Set(open.filter(({ lane }) => lane === one.lane));
          const wait = { left, isOver: false };
          const pending = holds.pending(one.lane);
          assert.equal(pending === undefined, left.size === 0);
          if (pending === undefined) continue;
          waits.push(wait);
          void pending.then(() => (wait.isOver = true));
        }
        await turn();
        for (const { left, isOver } of waits) assert.equal(isOver, left.size === 0);
      }
    }),
    { numRuns: 50 },
  );
});
