import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Liveness, NoAnswer } from '../../runtime/buses/support/liveness.ts';
import { Standstill } from '../../runtime/buses/support/standstill.ts';
import { waitFor } from '../harness/wait-for.ts';

const SOON = { everyMs: 1, answerMs: 20 } as const;

test('a question without an answer is a failure once, and the next one is asked', async () => {
  const failures: Error[] = [];
  let asked = 0;
  const liveness = new Liveness({
    ...SOON,
    ask() {
      asked += 1;
      return asked === 1 ? new Promise(() => {}) : Promise.resolve();
    },
    onFailure: (failure) => failures.push(failure),
  });
  await waitFor(() => asked >= 5, 5000, 'five questions');
  liveness.stop();
  assert.equal(failures.length, 1);
  assert.ok(failures[0] instanceof NoAnswer);
});

test('one question is open at a time, a refusal is a failure too, and a stop ends both', async () => {
  const failures: Error[] = [];
  const open: PromiseWithResolvers<void>[] = [];
  const liveness = new Liveness({
    everyMs: 1,
    answerMs: 60_000,
    ask() {
      const question = Promise.withResolvers<void>();
      open.push(question);
      return question.promise;
    },
    onFailure: (failure) => failures.push(failure),
  });
  await waitFor(() => open.length === 1, 5000, 'the first question');
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(open.length, 1);
  open[0]?.reject(new Error('no'));
  await waitFor(() => open.length === 2, 5000, 'the second question');
  assert.deepEqual(
    failures.map(({ message }) => message),
    ['no'],
  );
  liveness.stop();
  open[1]?.reject(new Error('late'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(failures.length, 1, 'nothing is said after the stop');
  assert.equal(open.length, 2);
});

test('a standstill is two looks at which messages wait, none came and one could be taken', () => {
  const look = { received: 5, waiting: 3, hasRoom: true };
  const standstill = new Standstill();
  assert.equal(standstill.look({ ...look, received: 4 }), 0, 'messages came');
  assert.equal(standstill.look(look), 0, 'one came');
  assert.equal(standstill.look(look), 0, 'they may have been published this moment');
  assert.equal(standstill.look(look), 1);
  assert.equal(standstill.look(look), 2);
  assert.equal(standstill.look({ ...look, received: 6 }), 0);
  assert.equal(standstill.look({ ...look, received: 6 }), 0);
  assert.equal(standstill.look({ ...look, received: 6, hasRoom: false }), 0, 'a full window is backpressure');
  assert.equal(standstill.look({ ...look, received: 6 }), 0);
  assert.equal(standstill.look({ ...look, received: 6, waiting: 0 }), 0, 'nothing waits');
});
