import { once } from 'node:events';
import type { Delivery } from '#contract/delivery.ts';
import type { Source } from '#contract/source.ts';
import { onBatch, onFrame, onRead, type Mutant, withFrame } from './mutant.ts';

/** Takes all that is there, settles it, and hands it out little by little. */
function hoarding(source: Source): Source {
  const hoard: Delivery[] = [];
  return onRead(source, async (room, signal) => {
    if (hoard.length === 0) {
      const batch = await source.read({ messages: 1000, bytes: Number.POSITIVE_INFINITY }, signal);
      for (const delivery of batch) delivery.settle({ kind: 'accept' });
      hoard.push(...batch);
    }
    return hoard.splice(0, room.messages);
  });
}

export const SOURCES: readonly Mutant[] = [
  {
    fault: 'acknowledges what it holds in memory',
    convictedBy: ['kill-settled', 'kill-read', 'given-back'],
    source: hoarding,
  },
  {
    fault: 'drops id, content type and expiry',
    convictedBy: ['meta', 'accepted'],
    sink: (sink) =>
      onFrame(sink, (frame) => sink.send({ ...frame, id: undefined, contentType: undefined, expiresAtMs: undefined })),
    source: (source) => {
      let count = 0;
      return onBatch(source, (batch) => batch.map((delivery) => ({ ...delivery, id: String((count += 1)) })));
    },
  },
  {
    fault: 'makes up a header and a content type',
    convictedBy: ['absent'],
    source: (source) =>
      onBatch(source, (batch) =>
        batch.map((delivery) => withFrame(delivery, { headers: new Map([['x', ['y']]]), contentType: 'text/plain' })),
      ),
  },
  {
    fault: 'takes the time of its reading for that of the message',
    convictedBy: ['time'],
    source: (source) =>
      onBatch(source, (batch) => batch.map((delivery) => withFrame(delivery, { timestampMs: Date.now() }))),
  },
  {
    fault: 'hands out bodies that the next read overwrites',
    convictedBy: ['body'],
    source: (source) => {
      const shared = Buffer.alloc(2_000_000);
      return onBatch(source, (batch) =>
        batch.map((delivery) => {
          const body = delivery.frame.body ?? new Uint8Array();
          shared.set(body);
          return withFrame(delivery, { body: shared.subarray(0, body.length) });
        }),
      );
    },
  },
  {
    fault: 'acknowledges what it hands out',
    convictedBy: ['accepted', 'given-back', 'stale-epoch', 'kill-read'],
    source: (source) =>
      onBatch(source, (batch) => {
        for (const delivery of batch) delivery.settle({ kind: 'accept' });
        return batch;
      }),
  },
  {
    fault: 'forgets to acknowledge',
    convictedBy: ['accepted', 'any-order', 'rejected'],
    source: (source) => onBatch(source, (batch) => batch.map((delivery) => ({ ...delivery, settle: () => {} }))),
  },
  {
    fault: 'throws when a settlement comes too late',
    convictedBy: ['stale-epoch'],
    source: (source) => {
      let reads = 0;
      return onBatch(source, (batch) => {
        reads += 1;
        return batch.map((delivery) => ({
          ...delivery,
          settle: (outcome) => {
            if (reads === 1) throw new Error('planted');
            delivery.settle(outcome);
          },
        }));
      });
    },
  },
  {
    fault: 'calls every delivery the first of its kind',
    convictedBy: ['accepted'],
    source: (source) => onBatch(source, (batch) => batch.map((delivery) => ({ ...delivery, attempt: 1 }))),
  },
  {
    fault: 'returns an empty list when nothing has come for a while',
    convictedBy: ['abort'],
    source: (source) =>
      onRead(source, (room, signal) => source.read(room, AbortSignal.any([signal, AbortSignal.timeout(20)]))),
  },
  {
    fault: 'ignores the signal of a read',
    convictedBy: ['abort'],
    source: (source) => onRead(source, (room) => source.read(room, new AbortController().signal)),
  },
  {
    fault: 'returns more than there is room for',
    convictedBy: ['room'],
    source: (source) =>
      onRead(source, (_room, signal) => source.read({ messages: 1000, bytes: Number.POSITIVE_INFINITY }, signal)),
  },
  {
    fault: 'hands out without end what is not settled',
    convictedBy: ['window-messages', 'window-bytes'],
  },
  {
    fault: 'never hears anything',
    convictedBy: ['reconnect', 'kill-connected', 'two-sources', 'come-and-go'],
    source: (source) =>
      onRead(source, async (_room, signal) => {
        await once(signal, 'abort');
        return [];
      }),
  },
  {
    fault: 'cannot be stopped while it opens',
    convictedBy: ['aborted-opening'],
  },
  {
    fault: 'takes every redelivery for a repetition',
    convictedBy: ['cuts-of-the-source'],
    source: (source) => onBatch(source, (batch) => batch.filter(({ attempt }) => attempt === 1)),
  },
  {
    fault: 'does not notice that nothing comes any more, nor that it is thrown out',
    convictedBy: ['silent-source', 'revoked', 'renewed-secret'],
  },
  {
    fault: 'writes addresses in its own way',
    convictedBy: ['strange-addresses'],
    source: (source) =>
      onBatch(source, (batch) =>
        batch.map((delivery) => withFrame(delivery, { address: delivery.frame.address.toLowerCase() })),
      ),
  },
];
