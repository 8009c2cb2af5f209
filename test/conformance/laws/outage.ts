import assert from 'node:assert/strict';
import { ACCEPT } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { type ConformanceLaw, onlyRedelivering } from '../conformance-law.ts';
import { openSink, openSource } from '../ends.ts';
import { frameOf, numbered, textOf } from '../frame-of.ts';
import type { Ground } from '../ground.ts';
import { sendAll, sendOne } from '../send-all.ts';

const STEPS = {
  connected: 'before anything is sent',
  sending: 'after a send and before its confirmation',
  confirmed: 'after the confirmations and before a read',
  read: 'after a read and before the settlement',
  settled: 'after a settlement',
} as const;

type Step = keyof typeof STEPS;

const COUNT = 40;

async function killAt(step: Step, ground: Ground): Promise<void> {
  await using reader = await openSource(ground);
  await using writer = await openSink(ground);
  const strike = async (at: Step): Promise<void> => {
    if (at !== step) return;
    await ground.kill();
    await ground.restart();
  };
  await strike('connected');
  const frames = numbered(ground, COUNT);
  const sending = sendAll(ground, writer.sink, frames);
  await strike('sending');
  await sending;
  await strike('confirmed');
  const seen: string[] = [];
  const take = async (): Promise<() => void> => {
    const before = new Set(seen).size;
    const goal = Math.min(COUNT, before + COUNT / 2);
    const read = await reader.readUntil(
      (so) => new Set([...seen, ...so.map(({ frame }) => textOf(frame))]).size >= goal,
      {
        messages: COUNT / 2,
        bytes: 1024 * 1024,
      },
    );
    seen.push(...read.map(({ frame }) => textOf(frame)));
    return () => {
      for (const delivery of read) delivery.settle(ACCEPT);
    };
  };
  const settle = await take();
  await strike('read');
  settle();
  await strike('settled');
  // Rejects when something confirmed never comes.
  while (new Set(seen).size < COUNT) (await take())();
  assert.deepEqual([...new Set(seen)], frames.map(textOf), 'first deliveries are in order');
}

const kills: readonly ConformanceLaw[] = (['connected', 'sending', 'confirmed', 'read', 'settled'] as const).map(
  (step) => ({
    name: `kill-${step}`,
    sentence: `a server killed ${STEPS[step]} loses nothing that was confirmed`,
    excludes: onlyRedelivering,
    judge: (ground) => killAt(step, ground),
  }),
);

async function failsAsBus(ground: Ground, sink: Sink): Promise<void> {
  await assert.rejects(sendOne(ground, sink, frameOf(ground, 'vain')), (error: unknown) => {
    assert.ok(error instanceof SluiceError, `not a SluiceError: ${String(error)}`);
    assert.equal(error.scope, 'bus', `${error.code}: what is the bus's fault may not count against a message`);
    assert.equal(error.verdict, 'retry');
    return true;
  });
}

const down: ConformanceLaw = {
  name: 'down',
  sentence: 'a send while the server is down rejects in time as a fault of the bus, and sends pass when it is back',
  async judge(ground) {
    await using writer = await openSink(ground);
    const lost = writer.ear.hears('disconnected');
    await ground.kill();
    await failsAsBus(ground, writer.sink);
    await lost;
    await failsAsBus(ground, writer.sink);
    await ground.restart();
    await sendAll(ground, writer.sink, [frameOf(ground, 'well')]);
  },
};

const silence: ConformanceLaw = {
  name: 'silence',
  sentence: 'sends to a server that says nothing any more reject in time as a fault of the bus, all of them',
  async judge(ground) {
    const { hush } = ground.sinkPath;
    assert.ok(hush !== undefined, 'the ground cannot fall silent: excuse it');
    await using writer = await openSink(ground);
    await sendOne(ground, writer.sink, frameOf(ground, 'well'));
    hush();
    await Promise.all([failsAsBus(ground, writer.sink), failsAsBus(ground, writer.sink)]);
    await ground.sinkPath.mend();
    await sendAll(ground, writer.sink, [frameOf(ground, 'well again')]);
  },
};

const again: ConformanceLaw = {
  name: 'reconnect',
  sentence: 'a source that lost its connection reads on when the server is back, without being opened anew',
  async judge(ground) {
    await using reader = await openSource(ground);
    await using writer = await openSink(ground);
    const lost = reader.ear.hears('disconnected');
    await ground.kill();
    await lost;
    const back = reader.ear.hears('connected');
    await ground.restart();
    await back;
    await sendAll(ground, writer.sink, [frameOf(ground, 'after')]);
    // Core buses forget who was away: what was sent before the subscription stood again is gone, so send until seen.
    let seen = false;
    const reading = reader
      .readUntil((read) => read.some(({ frame }) => textOf(frame) === 'after'))
      .then(() => (seen = true));
    await waitFor(
      async () => {
        if (!seen && !ground.source.redelivers) await sendAll(ground, writer.sink, [frameOf(ground, 'after')]);
        return seen;
      },
      ground.patienceMs,
      'a frame sent after the restart',
    );
    await reading;
  },
};

export const OUTAGE: readonly ConformanceLaw[] = [...kills, down, silence, again];
