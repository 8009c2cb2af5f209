import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '#contract/frame.ts';
import { type Message, withBody } from '#contract/message.ts';
import { Joined, KEPT, type Stage, type StageResult } from '#contract/stage.ts';
import { imbalance } from '../../runtime/engine/counters.ts';
import { frameForTest, settleNow } from '../engine/route-for-test.ts';
import { ListSource, sinkThat, stageThat, started } from '../engine/started-route.ts';
import { labelRulesForTest } from './label-rules.ts';

const PREFIX = '1;p=urn:demo:ops;c=';

function frame(body: string, label: string): Frame {
  return frameForTest(`k/${body}`, body, { headers: new Map([['seclabel', [PREFIX + label]]]) });
}

function labelsOf(frames: readonly Frame[]): readonly (readonly string[] | undefined)[] {
  return frames.map(({ headers }) => headers.get('seclabel')?.map((text) => text.replace(PREFIX, '')));
}

/** It keeps the first of two messages and joins both into one, as a window does. */
function pairing(): Stage {
  let first: Message | undefined;
  return {
    name: 'pair',
    run(message): StageResult {
      if (first === undefined) {
        first = message;
        return KEPT;
      }
      return new Joined([withBody(first, `${String(first.body)}+${String(message.body)}`)], [first]);
    },
  };
}

test('what several messages are joined into has the join of all their labels, raised ones too', async () => {
  const { labels } = labelRulesForTest('S;SCD=ATOMAL,CRYPTO;REL=USA');
  const raise = stageThat((message) =>
    message.body === 'b' ? { ...message, label: labels.raised(message.label ?? '', 'S;SCD=CRYPTO;REL=*') } : message,
  );
  const frames = [frame('a', 'S;SCD=ATOMAL;REL=FVEY'), frame('b', 'C;REL=GBR,USA')];
  const { sink } = started(frames, { stages: [raise, pairing()], ...labelRulesForTest('S;SCD=ATOMAL,CRYPTO;REL=USA') });
  await settleNow();
  assert.deepEqual(labelsOf(sink.sent), [['S;REL=GBR,USA;SCD=ATOMAL,CRYPTO']]);
});

test('what is joined above the ceiling is blocked with all that went in, each with the label that the record tells of', async () => {
  const frames = [frame('a', 'S;SCD=ATOMAL;REL=USA'), frame('b', 'S;SCD=CRYPTO;REL=USA')];
  const above = labelRulesForTest('S;SCD=ATOMAL;REL=USA').ceiling;
  const { labels } = labelRulesForTest('S;SCD=ATOMAL,CRYPTO;REL=USA');
  const { source, sink, letters, counters } = started(frames, { stages: [pairing()], labels, ceiling: above });
  await settleNow();
  assert.deepEqual(
    letters.map(({ failure, label }) => [failure.code, label?.replace(PREFIX, '')]),
    [
      ['LABEL_DENIED', 'S;REL=USA;SCD=ATOMAL,CRYPTO'],
      ['LABEL_DENIED', 'S;REL=USA;SCD=ATOMAL,CRYPTO'],
    ],
  );
  assert.deepEqual([sink.sent.length, counters.blocked, imbalance(counters)], [0, 2, 0]);
  assert.deepEqual([...source.settled.values()], ['reject', 'reject']);
});

test('each of the messages that one becomes has its label', async () => {
  const split = stageThat((message) => [withBody(message, 'x', 'x.0'), withBody(message, 'y', 'x.1')]);
  const { sink } = started([frame('a', 'C;REL=FVEY')], { stages: [split], ...labelRulesForTest('S;REL=USA') });
  await settleNow();
  assert.deepEqual(labelsOf(sink.sent), [['C;REL=AUS,CAN,GBR,NZL,USA'], ['C;REL=AUS,CAN,GBR,NZL,USA']]);
});

test('a message of which one part is above the ceiling is sent to nobody', async () => {
  const rules = labelRulesForTest('S;REL=USA');
  const split = stageThat((message) => [
    withBody(message, 'x', 'x.0'),
    { ...withBody(message, 'y', 'x.1'), label: rules.labels.raised(message.label ?? '', 'TS') },
  ]);
  const more = sinkThat();
  const parts = { stages: [split], moreSinks: [more], ...rules };
  const { sink, counters } = started([frame('a', 'C;REL=FVEY')], parts);
  await settleNow();
  assert.deepEqual([sink.sent.length, more.sent.length, counters.blocked], [0, 0, 1]);
});

test('a blocked message is settled once its record is durable, and not before', async () => {
  let write: (() => void) | undefined;
  const deadLetters = {
    record: () => new Promise<undefined>((resolve) => (write = () => resolve(undefined))),
  };
  const source = new ListSource([frame('a', 'TS;REL=USA')]);
  const { counters } = started([], { source, deadLetters, ...labelRulesForTest('S;REL=USA') });
  await settleNow();
  assert.deepEqual([source.settled.size, counters.blocked, counters.held], [0, 0, 1]);
  write?.();
  await settleNow();
  assert.deepEqual([[...source.settled.values()], counters.blocked, counters.held], [['reject'], 1, 0]);
});
