import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import type { Receipt } from '#contract/sink.ts';
import { PerSubjectSender } from '../../../runtime/buses/nats/jetstream/per-subject-sender.ts';
import { settleNow } from '../../engine/route-for-test.ts';

/** Sends that the test answers by hand; `sent` names those that were handed over. */
function bench() {
  const turns = new PerSubjectSender();
  const sent: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<Receipt>>();
  const send = (subject: string, name: string): Promise<Receipt | SluiceError> => {
    const answer = Promise.withResolvers<Receipt>();
    answers.set(name, answer);
    const go = (): Promise<Receipt> => {
      sent.push(name);
      return answer.promise;
    };
    return turns.send(subject, go).catch((thrown: unknown) => thrown as SluiceError);
  };
  return { send, sent, answer: (name: string) => answers.get(name) ?? assert.fail(name) };
}

void test('of a subject one is under way, and subjects do not wait for each other', async () => {
  const { send, sent, answer } = bench();
  const all = [send('s', 'a'), send('s', 'b'), send('t', 'c')];
  assert.deepEqual(sent, ['a', 'c']);
  answer('a').resolve('confirmed');
  await settleNow();
  assert.deepEqual(sent, ['a', 'c', 'b']);
  answer('b').resolve('duplicate');
  answer('c').resolve('confirmed');
  assert.deepEqual(await Promise.all(all), ['confirmed', 'duplicate', 'confirmed']);
  void send('s', 'd');
  assert.deepEqual(sent, ['a', 'c', 'b', 'd']);
});

void test('what waits behind a message that was not stored is not sent', async () => {
  const { send, sent, answer } = bench();
  const all = [send('s', 'a'), send('s', 'b'), send('s', 'c')];
  answer('a').reject(new SluiceError('SINK_TIMEOUT', 'no answer'));
  const [first, ...behind] = await Promise.all(all);
  assert.equal(first instanceof SluiceError && first.code, 'SINK_TIMEOUT');
  for (const one of behind) assert.equal(one instanceof SluiceError && one.code, 'SINK_DOWN');
  assert.deepEqual(sent, ['a']);
  void send('s', 'a again');
  assert.deepEqual(sent, ['a', 'a again']);
});

void test('a message that can never be sent holds none behind it', async () => {
  const { send, sent, answer } = bench();
  const all = [send('s', 'a'), send('s', 'b')];
  answer('a').reject(new SluiceError('SINK_TOO_LARGE', 'too large'));
  await settleNow();
  assert.deepEqual(sent, ['a', 'b']);
  answer('b').resolve('confirmed');
  assert.equal((await Promise.all(all))[1], 'confirmed');
});
