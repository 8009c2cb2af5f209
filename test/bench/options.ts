import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    /** Compares latencies at a steady rate instead of throughput. */
    latency: { type: 'boolean', default: false },
    /** Ends with 1 when a bound is exceeded. */
    gate: { type: 'boolean', default: false },
    /** Prints the figures of each round, too. */
    each: { type: 'boolean', default: false },
    messages: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    /** With `--latency`: messages a second. */
    rate: { type: 'string', default: '1000' },
    /** With `--latency`: how long each round is measured. */
    seconds: { type: 'string', default: '10' },
    /** With `--latency`: how long each round runs before, until the compiler is done. */
    warm: { type: 'string', default: '4' },
    /** Sluice's class of traffic. The other maker knows none. */
    class: { type: 'string' },
    keys: { type: 'string', default: '50' },
    /** Messages in flight, for both makers. Without it Sluice has its default, and the other what suits its sink. */
    window: { type: 'string' },
    /** A folder: each worker writes a profile of its processor time there. */
    profile: { type: 'string' },
    maker: { type: 'string', multiple: true, default: ['hand', 'sluice'] },
  },
});

const makers = (['hand', 'sluice'] as const).filter((maker) => values.maker.includes(maker));
if (values.gate && makers.length < 2) throw new Error('--gate compares both makers: leave --maker out');

/** What a run of the benchmark was asked for. */
export const OPTIONS = {
  /** Undefined: the usual ones. */
  cases: values.case,
  isLatency: values.latency,
  isGate: values.gate,
  each: values.each,
  count: Number(values.messages),
  rounds: Number(values.rounds),
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  warmSeconds: Number(values.warm),
  trafficClass: values.class,
  keys: Number(values.keys),
  window: values.window === undefined ? undefined : Number(values.window),
  profile: values.profile,
  makers,
};
