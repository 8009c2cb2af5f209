import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Sink } from '#contract/sink.ts';
import { patient } from '../../harness/patience.ts';
import { onFrame, type Mutant } from './mutant.ts';

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

const REFUSED = ['refused-too-large', 'refused-denied', 'refused-unroutable', 'refused-rejected'] as const;

export const SINKS: readonly Mutant[] = [
  {
    fault: 'confirms every 9th frame and loses it',
    convictedBy: ['body', 'accepted', 'order', 'kill-sending', 'cuts-of-the-sink', 'kill-in-traffic'],
    sink: (sink) => everyNth(sink, 9, () => Promise.resolve('confirmed')),
  },
  {
    fault: 'confirms at once and then sends, whether it arrives or not',
    convictedBy: ['down', 'full'],
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
    fault: 'claims to know what it wrote, which its guarantees do not say',
    convictedBy: ['tail'],
    sink: (sink) => ({
      ...onFrame(sink, (frame) => sink.send(frame)),
      recoverIds: () => Promise.resolve({ ids: new Map(), seen: 0, lacks: undefined }),
    }),
  },
  {
    fault: 'loses the key',
    convictedBy: ['key'],
    sink: (sink) => onFrame(sink, (frame) => sink.send({ ...frame, key: undefined })),
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
    convictedBy: ['down', 'order-under-cuts', 'cuts-of-the-sink', 'pause-in-traffic', 'kill-in-traffic'],
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
    fault: 'takes a message that it cannot write for an outage',
    convictedBy: ['odd-frames'],
    sink: (sink) =>
      onFrame(sink, async (frame) => {
        if (frame.timestampMs === undefined || Number.isSafeInteger(frame.timestampMs)) return sink.send(frame);
        throw new SluiceError('SINK_DOWN', 'planted');
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
      // For this file to end, and later than the test waits.
      setTimeout(() => clearInterval(timer), patient(3000)).unref();
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
    fault: 'has no deadline for a server that says nothing',
    convictedBy: ['silence'],
    sink: (sink) => onFrame(sink, () => new Promise(() => {})),
  },
  {
    fault: 'gives a send up after 100 ms',
    convictedBy: ['slow-link'],
    sink: (sink) =>
      onFrame(sink, async (frame) => {
        const sentMs = performance.now();
        const receipt = await sink.send(frame);
        // By the clock: after a standstill of the process a timer of 200 ms may run before one of 100 ms.
        if (performance.now() - sentMs > 100) throw new SluiceError('SINK_TIMEOUT', 'planted: too soon');
        return receipt;
      }),
  },
  {
    fault: 'calls a refused message sent',
    convictedBy: REFUSED,
    sink: (sink) =>
      onFrame(sink, async (frame) => {
        try {
          return await sink.send(frame);
        } catch (thrown) {
          if (asSluiceError(thrown).verdict === 'reject') return 'confirmed';
          throw thrown;
        }
      }),
  },
  {
    fault: 'blames the bus for a refused message',
    convictedBy: REFUSED,
    sink: (sink) =>
      onFrame(sink, async (frame) => {
        try {
          return await sink.send(frame);
        } catch (cause) {
          throw new SluiceError('SINK_DOWN', 'planted', { cause });
        }
      }),
  },
  {
    fault: 'makes a null body an empty one',
    convictedBy: ['no-body'],
    sink: (sink) => onFrame(sink, (frame) => sink.send({ ...frame, body: frame.body ?? new Uint8Array() })),
  },
  {
    fault: 'is content with any address',
    convictedBy: ['strange-addresses'],
    sink: (sink) =>
      onFrame(sink, async (frame) => {
        try {
          return await sink.send(frame);
        } catch (thrown) {
          if (asSluiceError(thrown).code === 'ADDRESS_INVALID') return 'confirmed';
          throw thrown;
        }
      }),
  },
  { fault: 'lets others overtake every 7th frame', convictedBy: ['order', 'body'], sink: swapping },
];
