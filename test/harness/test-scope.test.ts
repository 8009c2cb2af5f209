import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SluiceProcess, startNode } from './sluice-process.ts';
import { testScope, whenTestEnds } from './test-scope.ts';
import { waitFor } from './wait-for.ts';

const END_MS = 10_000;
const IN_TIME = new AbortController().signal;

void test('what a test has started ends with it, also where the test fails, and not with another', async () => {
  const ended: string[] = [];
  const one = async (name: string, outcome: Promise<void>): Promise<void> => {
    await Promise.resolve();
    whenTestEnds(() => ended.push(name));
    await outcome;
  };
  let passSecond = (): void => {};
  const first = testScope(IN_TIME, () => one('first', Promise.reject(new Error('of the test'))));
  const second = testScope(IN_TIME, () => one('second', new Promise((pass) => (passSecond = pass))));
  await assert.rejects(first, /of the test/);
  assert.deepEqual(ended, ['first']);
  passSecond();
  await second;
  assert.deepEqual(ended, ['first', 'second']);
});

void test('what a test has started ends when its time is up, though its body goes on, and what it starts then at once', async () => {
  const timeUp = new AbortController();
  const ended: string[] = [];
  let goOn = (): void => {};
  const late = testScope(timeUp.signal, async () => {
    whenTestEnds(() => ended.push('before'));
    await new Promise<void>((resolve) => (goOn = resolve));
    whenTestEnds(() => ended.push('after'));
  });
  timeUp.abort();
  assert.deepEqual(ended, ['before']);
  goOn();
  await late;
  assert.deepEqual(ended, ['before', 'after']);
});

void test('a process that a failed test left is killed', async () => {
  const started: SluiceProcess[] = [];
  const failing = testScope(IN_TIME, () => {
    started.push(startNode(['-e', 'setInterval(() => {}, 1e6)']));
    return Promise.reject(new Error('of the test'));
  });
  await assert.rejects(failing, /of the test/);
  await waitFor(() => started[0]?.exit === 'SIGKILL', END_MS, 'its end');
});
