import assert from 'node:assert/strict';
import { ACCEPT } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { type ConformanceLaw, onlyRedelivering } from '../conformance-law.ts';
import { openSink, openSource } from '../ends.ts';
import { frameOf, hasAll, numbered, textOf } from '../frame-of.ts';
import type { Ground } from '../ground.ts';
import { sendAll, sendOne, sendUntilSeen } from '../send-all.ts';

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
  await using writer = await openSink(ground);
  const strike = async (at: Step): Promise<void> => {
    if (at !== step) return;
    await ground.kill();
    await ground.restart();
  };
  const frames = numbered(ground, COUNT);
  const all = frames.map(textOf);
  let owed: readonly string[] = all;
  {
    await using reader = await openSource(ground);
    await strike('connected');
    const sending = sendAll(ground, writer.sink, frames);
    await strike('sending');
    await sending;
    await strike('confirmed');
    const half = await reader.take(COUNT / 2);
    await strike('read');
    if (step === 'settled') {
      for (const delivery of half) delivery.settle(ACCEPT);
      owed = all.slice(COUNT / 2);
    }
    await strike('settled');
    if (step !== 'read' && step !== 'settled') {
      const seen = half.map(({ frame }) => textOf(frame));
      const rest = await reader.readUntil((read) => hasAll(all, [...seen, ...read.map(({ frame }) => textOf(frame))]));
      const first = new Set([...seen, ...rest.map(({ frame }) => textOf(frame))]);
      assert.deepEqual([...first], all, 'first deliveries are in order');
      return;
    }
  }
  // What was handed out and not settled is owed to whoever comes next.
  await using next = await openSource(ground);
  await next.readUntil((read) =>
    hasAll(
      owed,
      read.map(({ frame }) => textOf(frame)),
    ),
  );
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
    if (ground.source.redelivers) {
      await sendAll(ground, writer.sink, [frameOf(ground, 'after')]);
      await reader.readUntil((read) => read.some(({ frame }) => textOf(frame) === 'after'));
    } else await sendUntilSeen(ground, writer.sink, reader, 'after');
  },
};

export const OUTAGE: readonly ConformanceLaw[] = [...kills, down, silence, again];
