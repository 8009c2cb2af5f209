import type { AddressGrammar, Bus, BusContext, EndOptions, Guarantees } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import { patternOf } from '#kit/address-pattern.ts';
import { levelCodec } from '#kit/level-codec.ts';
import { memoryHub } from './hub.ts';
import {
  connectionSchema,
  type MemoryConnection,
  type MemoryFrom,
  type MemoryTo,
  sinkSchema,
  sourceSchema,
} from './options.ts';

const GUARANTEES: Guarantees = {
  confirms: 'received',
  redelivers: true,
  stamps: 'optional',
  ordered: 'address',
  carriesHeaders: true,
  carriesKey: true,
  carriesExpiry: true,
  carriesNull: true,
  deduplicates: true,
  recoversIds: false,
  notes: ['lives in the process: a restart forgets everything'],
};

/** Addresses of a hub are one space. */
const ADDRESSES: readonly string[] = ['addresses'];

const grammar: AddressGrammar = {
  word: 'address',
  separator: '/',
  encoding: '/, + and # are percent-encoded, and decoded where a level is read',
  ...levelCodec({ escape: '%', refused: /[/+#]/, hasEmpty: false }),
  flaw(address) {
    if (/^$|^\/|\/$|\/\//.test(address)) return 'an empty level';
    return /[+#]/.test(address) ? 'a wildcard' : undefined;
  },
};

/** Frames between parts of one process: for tests, simulations and the demo. */
export const memory: Bus<MemoryConnection, MemoryFrom, MemoryTo> = {
  name: 'memory',
  grammar,
  connectionSchema,
  sourceSchema,
  sinkSchema,
  addressOptions: ['address'],
  sourceGuarantees: () => GUARANTEES,
  sinkGuarantees: () => GUARANTEES,
  servers: ({ hub }) => [`memory ${hub}`],
  reads: ({ end }) =>
    end.addresses.map((filter, at) => ({
      spaces: ADDRESSES,
      filter: patternOf(filter, { separator: '/', one: '+', levels: '#' }),
      path: ['addresses', String(at)],
    })),
  writes: () => ADDRESSES,
  flaws: () => [],
  openSource: (options, context) => Promise.resolve(openSource(options, context)),
  openSink: (options, context) => Promise.resolve(openSink(options, context)),
};

function openSource({ connection, end }: EndOptions<MemoryConnection, MemoryFrom>, context: BusContext): Source {
  const hub = memoryHub(connection.hub);
  const subscription = hub.subscribe(`${context.pipeline}/${context.route}`, end.addresses);
  const detach = watch(connection.hub, context);
  return {
    read: (room, signal) => subscription.read(room, signal),
    close() {
      detach();
      // What was read and not settled comes again, as from any durable consumer.
      subscription.interrupt();
      subscription.resume();
      return Promise.resolve();
    },
  };
}

function openSink({ connection }: EndOptions<MemoryConnection, MemoryTo>, context: BusContext): Sink {
  const hub = memoryHub(connection.hub);
  const detach = watch(connection.hub, context);
  let isClosed = false;
  return {
    maxInFlight: 256,
    send(frame) {
      if (isClosed) return Promise.reject(new SluiceError('SINK_DOWN', 'the sink is closed'));
      const flaw = grammar.flaw(frame.address);
      if (flaw !== undefined) throw new SluiceError('ADDRESS_INVALID', `the address holds ${flaw}`);
      return hub.publish(frame);
    },
    close() {
      isClosed = true;
      detach();
      return Promise.resolve();
    },
  };
}

function watch(name: string, context: BusContext): () => void {
  context.report({ kind: 'connected', detail: `memory hub ${name}` });
  return memoryHub(name).attach({
    up: () => context.report({ kind: 'connected', detail: `memory hub ${name}` }),
    down: () => context.report({ kind: 'disconnected', detail: 'the hub is down' }),
  });
}
