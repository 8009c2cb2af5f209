import assert from 'node:assert/strict';
import { ACCEPT } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import { type ConformanceTest, onlyRedelivering } from '../conformance-test.ts';
import { openSink, openSource } from '../ends.ts';
import { frameOf, hasAll, numbered, textOf } from '../frame-of.ts';
import type { Fixture } from '../fixture.ts';
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

async function killAt(step: Step, fixture: Fixture): Promise<void> {
  await using writer = await openSink(fixture);
  const inject = async (at: Step): Promise<void> => {
    if (at !== step) return;
    await fixture.kill();
    await fixture.restart();
  };
  const frames = numbered(fixture, COUNT);
  const all = frames.map(textOf);
  let owed: readonly string[] = all;
  {
    await using reader = await openSource(fixture);
    await inject('connected');
    const sending = sendAll(fixture, writer.sink, frames);
    await inject('sending');
    await sending;
    await inject('confirmed');
    const half = await reader.take(COUNT / 2);
    await inject('read');
    if (step === 'settled') {
      for (const delivery of half) delivery.settle(ACCEPT);
      owed = all.slice(COUNT / 2);
    }
    await inject('settled');
    if (step !== 'read' && step !== 'settled') {
      const seen = half.map(({ frame }) => textOf(frame));
      const rest = await reader.readUntil((read) => hasAll(all, [...seen, ...read.map(({ frame }) => textOf(frame))]));
      const first = new Set([...seen, ...rest.map(({ frame }) => textOf(frame))]);
      assert.deepEqual([...first], all, 'first deliveries are in order');
      return;
    }
  }
  // What was handed out and not settled is owed to whoever comes next.
  await using next = await openSource(fixture);
  await next.readUntil((read) =>
    hasAll(
      owed,
      read.map(({ frame }) => textOf(frame)),
    ),
  );
}

const kills: readonly ConformanceTest[] = (['connected', 'sending', 'confirmed', 'read', 'settled'] as const).map(
  (step) => ({
    name: `kill-${step}`,
    sentence: `a server killed ${STEPS[step]} loses nothing that was confirmed`,
    excludes: onlyRedelivering,
    judge: (fixture) => killAt(step, fixture),
  }),
);

async function failsAsBus(fixture: Fixture, sink: Sink): Promise<void> {
  await assert.rejects(sendOne(fixture, sink, frameOf(fixture, 'vain')), (error: unknown) => {
    assert.ok(error instanceof SluiceError, `not a SluiceError: ${String(error)}`);
    assert.equal(error.scope, 'bus', `${error.code}: what is the bus's fault may not count against a message`);
    assert.equal(error.verdict, 'retry');
    return true;
  });
}

const down: ConformanceTest = {
  name: 'down',
  sentence: 'a send while the server is down rejects in time as a fault of the bus, and sends pass when it is back',
  async judge(fixture) {
    await using writer = await openSink(fixture);
    const lost = writer.recorded.nextReport('disconnected');
    await fixture.kill();
    await failsAsBus(fixture, writer.sink);
    await lost;
    await failsAsBus(fixture, writer.sink);
    await fixture.restart();
    await sendAll(fixture, writer.sink, [frameOf(fixture, 'well')]);
  },
};

const silence: ConformanceTest = {
  name: 'silence',
  sentence: 'sends to a server that says nothing any more reject in time as a fault of the bus, all of them',
  async judge(fixture) {
    const { hush } = fixture.sinkPath;
    assert.ok(hush !== undefined, 'the fixture cannot fall silent: excuse it');
    await using writer = await openSink(fixture);
    await sendOne(fixture, writer.sink, frameOf(fixture, 'well'));
    hush();
    await Promise.all([failsAsBus(fixture, writer.sink), failsAsBus(fixture, writer.sink)]);
    await fixture.sinkPath.mend();
    await sendAll(fixture, writer.sink, [frameOf(fixture, 'well again')]);
  },
};

const again: ConformanceTest = {
  name: 'reconnect',
  sentence: 'a source that lost its connection reads on when the server is back, without being opened anew',
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const lost = reader.recorded.nextReport('disconnected');
    await fixture.kill();
    await lost;
    const back = reader.recorded.nextReport('connected');
    await fixture.restart();
    await back;
    if (fixture.source.redelivers) {
      await sendAll(fixture, writer.sink, [frameOf(fixture, 'after')]);
      await reader.readUntil((read) => read.some(({ frame }) => textOf(frame) === 'after'));
    } else await sendUntilSeen(fixture, writer.sink, reader, 'after');
  },
};

export const OUTAGE: readonly ConformanceTest[] = [...kills, down, silence, again];
