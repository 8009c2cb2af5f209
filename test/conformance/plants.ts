import { once } from 'node:events';
import type { Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';

/** One fault of a driver, and the laws that must convict it. */
export interface Plant {
  readonly fault: string;
  readonly convictedBy: readonly string[];
  readonly source?: (source: Source) => Source;
  readonly sink?: (sink: Sink) => Sink;
}

const onFrame = (sink: Sink, send: (frame: Frame) => ReturnType<Sink['send']>): Sink => ({
  maxInFlight: sink.maxInFlight,
  send,
  close: () => sink.close(),
});

const onRead = (source: Source, read: Source['read']): Source => ({ read, close: () => source.close() });

const onBatch = (source: Source, change: (batch: readonly Delivery[]) => readonly Delivery[]): Source =>
  onRead(source, async (room, signal) => change(await source.read(room, signal)));

const withFrame = (delivery: Delivery, more: Partial<Frame>): Delivery => ({
  ...delivery,
  frame: { ...delivery.frame, ...more },
});

/** Calls `hit` for every so many-th frame and sends the others as they are. */
function everyNth(sink: Sink, nth: number, hit: (frame: Frame) => ReturnType<Sink['send']>): Sink {
  let count = 0;
  return onFrame(sink, (frame) => {
    count += 1;
    return count % nth === 0 ? hit(frame) : sink.send(frame);
  });
}

function swapping(sink: Sink): Sink {
  let waiting: (() => void) | undefined;
  return everyNth(sink, 7, (frame) => {
    const { promise, resolve } = Promise.withResolvers<'confirmed' | 'duplicate'>();
    waiting = () => resolve(sink.send(frame));
    setImmediate(() => waiting?.());
    return promise;
  });
}

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

export const PLANTS: readonly Plant[] = [
  {
    fault: 'confirms every 9th frame and loses it',
    convictedBy: ['body', 'accepted', 'order', 'kill-sending'],
    sink: (sink) => everyNth(sink, 9, () => Promise.resolve('confirmed')),
  },
  { fault: 'lets others overtake every 7th frame', convictedBy: ['order', 'body'], sink: swapping },
  {
    fault: 'confirms at once and then sends, whether it arrives or not',
    convictedBy: ['down'],
    sink: (sink) =>
      onFrame(sink, (frame) => {
        sink.send(frame).catch(() => {});
        return Promise.resolve('confirmed');
      }),
  },
  {
    fault: 'confirms what it writes down a little later',
    convictedBy: ['kill-confirmed', 'kill-sending'],
    sink: (sink) =>
      onFrame(sink, (frame) => {
        setTimeout(() => void sink.send(frame).catch(() => {}), 5);
        return Promise.resolve('confirmed');
      }),
  },
  {
    fault: 'loses the key',
    convictedBy: ['key'],
    sink: (sink) => onFrame(sink, (frame) => sink.send({ ...frame, key: undefined })),
  },
  {
    fault: 'acknowledges what it holds in memory',
    convictedBy: ['kill-settled', 'kill-read', 'given-back'],
    source: hoarding,
  },
  {
    fault: 'stores a frame twice although it says that it removes duplicates',
    convictedBy: ['accepted', 'order'],
    sink: (sink) =>
      onFrame(sink, async (frame) => {
        await sink.send({ ...frame, id: undefined });
        return sink.send(frame);
      }),
  },
  {
    fault: 'hangs where it should reject',
    convictedBy: ['down', 'send-after-close'],
    sink: (sink) => onFrame(sink, (frame) => sink.send(frame).catch(() => new Promise(() => {}))),
  },
  {
    fault: 'blames the message for an outage',
    convictedBy: ['down', 'order-under-cuts'],
    sink: (sink) =>
      onFrame(sink, async (frame) => {
        try {
          return await sink.send(frame);
        } catch (cause) {
          throw new SluiceError('SINK_REFUSED', 'planted', { cause });
        }
      }),
  },
  {
    fault: 'still sends after close',
    convictedBy: ['send-after-close'],
    sink: (sink) => ({ ...onFrame(sink, (frame) => sink.send(frame)), close: () => Promise.resolve() }),
  },
  {
    fault: 'leaves a timer running',
    convictedBy: ['nothing-left', 'nothing-left-of-an-outage'],
    sink: (sink) => {
      const timer = setInterval(() => {}, 1000);
      // For this file to end, and later than the law waits.
      setTimeout(() => clearInterval(timer), 3000).unref();
      return sink;
    },
  },
  {
    fault: 'keeps one value of a repeated header',
    convictedBy: ['headers'],
    sink: (sink) =>
      onFrame(sink, (frame) =>
        sink.send({
          ...frame,
          headers: new Map([...frame.headers].map(([name, values]) => [name, values.slice(0, 1)])),
        }),
      ),
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
    convictedBy: ['reconnect', 'kill-connected'],
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
    fault: 'has no deadline for a server that says nothing',
    convictedBy: ['silence'],
    sink: (sink) => onFrame(sink, () => new Promise(() => {})),
  },
];
