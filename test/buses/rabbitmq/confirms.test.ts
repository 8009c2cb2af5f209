import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from 'amqplib';
import fc from 'fast-check';
import { SluiceError } from '#contract/errors.ts';
import { Confirms } from '../../../runtime/buses/rabbitmq/client/confirms.ts';

const REFUSAL = new SluiceError('SINK_REFUSED', 'planted');
const DOWN = new SluiceError('SINK_DOWN', 'planted');

interface Sent {
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly body: Buffer;
}

const message = (text: string, routingKey = 'k', messageId?: string): Sent => ({
  routingKey,
  messageId,
  body: Buffer.from(text),
});
const back = ({ routingKey, messageId, body }: Sent): Message =>
  ({ fields: { routingKey }, properties: { messageId }, content: body }) as unknown as Message;

/** What became of each publish so far. */
function tracked(sent: readonly Sent[], timeoutMs = 60_000, onSilence = (): void => {}) {
  const confirms = new Confirms(timeoutMs, onSilence);
  const outcomes: (string | undefined)[] = sent.map(() => undefined);
  for (const [at, each] of sent.entries()) {
    confirms.await(each, {
      confirmed: (receipt) => void (outcomes[at] = receipt),
      failed: ({ code }) => void (outcomes[at] = code),
    });
  }
  const settled = async (): Promise<(string | undefined)[]> => {
    await new Promise(setImmediate);
    return outcomes;
  };
  return { confirms, settled };
}

test('answers come in any order, one by one or many at once, and each publish hears its own', async () => {
  const { confirms, settled } = tracked(['a', 'b', 'c', 'd', 'e'].map((text) => message(text)));
  confirms.answer(3, false, undefined);
  assert.deepEqual(await settled(), [undefined, undefined, 'confirmed', undefined, undefined]);
  confirms.answer(2, true, REFUSAL);
  assert.deepEqual(await settled(), ['SINK_REFUSED', 'SINK_REFUSED', 'confirmed', undefined, undefined]);
  confirms.answer(5, true, undefined);
  assert.deepEqual((await settled()).slice(3), ['confirmed', 'confirmed']);
  confirms.answer(5, true, REFUSAL);
  assert.equal(confirms.answered, 5);
  confirms.fail(DOWN);
});

test('of whatever comes back, as many of each kind of message fail as came back, and no other', async () => {
  const texts = fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.boolean()), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(texts, async (plan) => {
      const sent = plan.map(([text]) => message(text, text));
      const { confirms, settled } = tracked(sent);
      for (const [at, [, isBack]] of plan.entries()) {
        const each = sent[at];
        if (isBack && each !== undefined) confirms.returned(back(each), REFUSAL);
      }
      confirms.answer(plan.length, true, undefined);
      const outcomes = await settled();
      for (const text of ['x', 'y']) {
        const failed = outcomes.filter((outcome, at) => sent[at]?.routingKey === text && outcome === 'SINK_REFUSED');
        assert.equal(failed.length, plan.filter(([each, isBack]) => each === text && isBack).length);
      }
      confirms.fail(DOWN);
    }),
  );
});

test('a message that comes back is told by key, id and body', async () => {
  const { confirms, settled } = tracked([
    message('a', 'k', '1'),
    message('a', 'k', '2'),
    message('b', 'k', '1'),
    message('a', 'l', '1'),
  ]);
  confirms.returned(back(message('a', 'l', '1')), REFUSAL);
  confirms.answer(4, true, undefined);
  assert.deepEqual(await settled(), ['confirmed', 'confirmed', 'confirmed', 'SINK_REFUSED']);
  confirms.fail(DOWN);
});

test('giving up fails what is open, in order, and only that', async () => {
  const { confirms, settled } = tracked([message('a'), message('b'), message('c')]);
  confirms.answer(2, false, undefined);
  confirms.fail(DOWN);
  assert.deepEqual(await settled(), ['SINK_DOWN', 'confirmed', 'SINK_DOWN']);
});

test('silence is said once it has lasted, but not while the server says that it takes nothing', async () => {
  const silence = Promise.withResolvers<void>();
  let isHeld = true;
  const { confirms } = tracked([message('a')], 30, () => {
    assert.equal(isHeld, false, 'silence while held means nothing');
    silence.resolve();
  });
  confirms.hold(true);
  await new Promise((resolve) => setTimeout(resolve, 120));
  isHeld = false;
  confirms.hold(false);
  await silence.promise;
  confirms.fail(DOWN);
});

test('the one that is open alone is known', () => {
  const { confirms } = tracked([message('a'), message('b')]);
  const alone = (): string | undefined => confirms.only?.body.toString();
  assert.equal(alone(), undefined);
  confirms.answer(1, false, undefined);
  assert.equal(alone(), 'b');
  confirms.fail(DOWN);
});
