import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '#contract/errors.ts';
import { promisedResult } from '#contract/send-result.ts';
import { Confirmations } from '../../../runtime/buses/mqtt/confirmations.ts';

const TIMEOUT_MS = 600;

test('the last of a full window may take longer than the timeout, silence may not', async () => {
  const silent = Promise.withResolvers<void>();
  let isSilent = false;
  const confirmations = new Confirmations(TIMEOUT_MS, () => {
    isSilent = true;
    silent.resolve();
  });
  const sends = [1, 2, 3, 4].map((packetId) => promisedResult((result) => confirmations.await(packetId, 10, result)));
  for (const packetId of [1, 2, 3]) {
    await sleep(TIMEOUT_MS / 2);
    confirmations.answer(packetId, undefined);
  }
  assert.deepEqual(await Promise.all(sends.slice(0, 3)), ['confirmed', 'confirmed', 'confirmed']);
  assert.equal(isSilent, false);
  await silent.promise;
  const last = assert.rejects(sends[3] ?? Promise.resolve(), { code: 'SINK_TIMEOUT' });
  confirmations.fail(new SluiceError('SINK_TIMEOUT', 'silence'));
  await last;
  assert.equal(confirmations.size, 0);
});

test('a packet id is not given again while it is in use, and answers to unknown ones are ignored', async () => {
  const confirmations = new Confirmations(60_000, () => undefined);
  const first = confirmations.nextId();
  const held = promisedResult((result) => confirmations.await(first, 1, result));
  for (let count = 0; count < 70_000; count += 1) assert.notEqual(confirmations.nextId(), first);
  confirmations.answer(first + 1, undefined);
  confirmations.answer(first, undefined);
  assert.equal(await held, 'confirmed');
  confirmations.fail(new SluiceError('SINK_DOWN', 'the end'));
});
