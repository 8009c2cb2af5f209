import type { Bus } from '#contract/bus.ts';
import { patternOf } from '#kit/address-pattern.ts';
import { addresses, WILDCARDS } from './addresses.ts';
import { GUARANTEES } from './guarantees.ts';
import { opposite } from './opposite-ends.ts';
import {
  connectionSchema,
  type MemoryConnection,
  type MemoryFrom,
  type MemoryTo,
  sinkSchema,
  sourceSchema,
} from './options.ts';
import { page } from './page.ts';
import { spans } from './spans.ts';
import { openSink } from './sink.ts';
import { openSource } from './source.ts';

/** Addresses of a hub are one space. */
const ADDRESSES: readonly string[] = ['addresses'];

/** Frames between parts of one process: for tests, simulations and the demo. */
export const memory: Bus<MemoryConnection, MemoryFrom, MemoryTo> = {
  name: 'memory',
  module: { file: 'buses/memory/index.ts', exportName: 'memory' },
  page,
  spans,
  grammar: addresses,
  opposite,
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
      filter: patternOf(filter, { separator: addresses.separator, ...WILDCARDS }),
      path: ['addresses', String(at)],
    })),
  writes: () => ADDRESSES,
  flaws: () => [],
  openSource: (options, context) => Promise.resolve(openSource(options, context)),
  openSink: (options, context) => Promise.resolve(openSink(options, context)),
};
