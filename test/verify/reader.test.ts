import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Source } from '../../runtime/contract/source.ts';
import { Checker } from '../../runtime/verify/checker.ts';
import { markedBody, type Mark } from '../../runtime/verify/mark.ts';
import { Reader } from '../../runtime/verify/reader.ts';
import { frameForTest } from '../engine/route-for-test.ts';
import { waitFor } from '../harness/wait-for.ts';

const mark = (number: number): Mark => ({ run: 'a1', key: 'k0', number, sentAtMs: 0 });

/** A bus that keeps what was not settled. A source of it hears so many messages and then nothing, though it is open. */
function bus(count: number) {
  const settled = new Set<number>();
  let opened = 0;
  const open = (hears: number): Source => {
    opened += 1;
    let heard = 0;
    return {
      read: async (_, signal) => {
        const next = Array.from({ length: count }, (__, index) => index + 1).find((number) => !settled.has(number));
        if (next === undefined || heard >= hears) {
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve([]), { once: true }));
        }
        heard += 1;
        const body = markedBody(mark(next), {}, 200);
        const frame = { ...frameForTest('out', ''), body };
        return [{ id: String(next), frame, attempt: undefined, settle: () => void settled.add(next) }];
      },
      close: () => Promise.resolve(),
    };
  };
  return { open, opened: () => opened };
}

const RULES = { place: 'body', isStamped: false } as const;

function checkerOf(count: number, expiresMs?: number): Checker {
  const promised = {
    run: 'a1',
    trafficClass: 'event',
    labels: [],
    slackMs: 0,
    wedgedMs: 1,
    allowed: new Set<never>(),
  } as const;
  const checker = new Checker({ ...promised, expiresMs });
  for (let number = 1; number <= count; number += 1) {
    checker.sending(mark(number));
    checker.confirmed(mark(number), 0);
  }
  return checker;
}

void test('a reading end that hears nothing any more is opened anew, goes on where it stood, and convicts nobody', async () => {
  const checker = checkerOf(5, 1);
  const { open, opened } = bus(5);
  // The bridge is not blamed for what lay there unheard: neither for silence nor for lateness.
  checker.renewed();
  const reader = new Reader(checker, RULES, open(2), () => Promise.resolve(open(10)));
  await waitFor(() => checker.missing === 3, 5000, 'the first two');
  await reader.renew();
  await waitFor(() => checker.missing === 0, 5000, 'the others');
  await reader.close();
  assert.equal(opened(), 2);
  const report = checker.finish(Date.now(), undefined);
  assert.ok(report.ok, JSON.stringify(report.verdicts));
  assert.deepEqual([report.distinct, report.arrived, report.renewed], [5, 5, true]);
});

void test('what is still missing after that is lost or wedged as ever', async () => {
  const checker = checkerOf(5);
  const { open } = bus(3);
  const reader = new Reader(checker, RULES, open(1), () => Promise.resolve(open(10)));
  checker.renewed();
  await reader.renew();
  await waitFor(() => checker.missing === 2, 5000, 'what is there');
  await reader.close();
  const report = checker.finish(Date.now(), undefined);
  assert.equal(report.ok, false);
  assert.ok(report.verdicts.lost.count + report.verdicts.wedged.count > 0);
});

void test('a bus that is lost for good is said, though nobody reads the promise before', async () => {
  const checker = checkerOf(1);
  const source: Source = { read: () => Promise.reject(new Error('gone')), close: () => Promise.resolve() };
  const reader = new Reader(checker, RULES, source, () => Promise.resolve(source));
  await assert.rejects(reader.failed, /gone/);
});
