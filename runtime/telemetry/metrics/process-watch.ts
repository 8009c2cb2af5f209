import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { SpanCounts } from '../tracing/span-counts.ts';
import { NAMES } from '../attribute-names.ts';
import type { Metric } from './metric.ts';
import { one } from './metric.ts';

/** Of the event loop's delay since the numbers were read before, in seconds. */
interface LoopDelay {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** The process at this moment. */
export interface ProcessNumbers {
  /** Undefined where too little time has passed for a sample. */
  readonly loopDelay: LoopDelay | undefined;
  readonly loopUtilization: number;
  readonly userCpuSeconds: number;
  readonly systemCpuSeconds: number;
  readonly residentBytes: number;
  readonly uptimeSeconds: number;
  /** Undefined where tracing is off. */
  readonly spans: SpanCounts | undefined;
}

const RESOLUTION_MS = 20;
/** The numbers of the event loop are those of at least so long: several readers must not take them from each other. */
const LEAST_MS = 5000;

/** Watches the event loop. One of a process; it costs a timer every 20 ms. */
export class ProcessWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #loop: Pick<ProcessNumbers, 'loopDelay' | 'loopUtilization'> = { loopDelay: undefined, loopUtilization: 0 };
  #lookedAtMs = 0;
  #before = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  numbers(spans: SpanCounts | undefined): ProcessNumbers {
    const nowMs = performance.now();
    if (this.#loop.loopDelay === undefined || nowMs - this.#lookedAtMs >= LEAST_MS) this.#look(nowMs);
    const { user, system } = process.cpuUsage();
    return {
      ...this.#loop,
      userCpuSeconds: user / 1e6,
      systemCpuSeconds: system / 1e6,
      residentBytes: process.memoryUsage.rss(),
      uptimeSeconds: process.uptime(),
      spans,
    };
  }

  close(): void {
    this.#delay.disable();
  }

  #look(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    const used = performance.eventLoopUtilization();
    const loopUtilization = performance.eventLoopUtilization(used, this.#before).utilization;
    this.#before = used;
    const delay = this.#delay;
    const loopDelay =
      delay.count === 0
        ? undefined
        : {
            min: at(delay.min),
            max: at(delay.max),
            mean: at(delay.mean),
            stddev: delay.stddev / 1e9,
            p50: at(delay.percentile(50)),
            p90: at(delay.percentile(90)),
            p99: at(delay.percentile(99)),
          };
    delay.reset();
    this.#loop = { loopDelay, loopUtilization };
  }
}

/** A sample is the time between two turns of the timer: its own interval is no delay. */
function at(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
}

const DELAYS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const;

/** Names of OpenTelemetry's conventions for Node and processes. */
export const PROCESS_METRICS: readonly Metric<ProcessNumbers>[] = [
  ...DELAYS.map((name): Metric<ProcessNumbers> => ({
    name: `nodejs.eventloop.delay.${name}`,
    kind: 'gauge',
    unit: 's',
    help: `The ${name} of the event loop's delay in the last seconds: for so long nothing else could run.`,
    samples: ({ loopDelay }) => one(loopDelay?.[name]),
  })),
  {
    name: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    unit: '1',
    help: 'The share of the last seconds in which the event loop was busy; 1 is all of it.',
    samples: ({ loopUtilization }) => one(loopUtilization),
  },
  {
    name: 'process.cpu.time',
    kind: 'counter',
    unit: 's',
    help: 'CPU time of the process since its start, by mode.',
    attributes: ['cpu.mode'],
    samples: ({ userCpuSeconds, systemCpuSeconds }) => [
      { attributes: { 'cpu.mode': 'user' }, value: userCpuSeconds },
      { attributes: { 'cpu.mode': 'system' }, value: systemCpuSeconds },
    ],
  },
  {
    name: 'process.memory.usage',
    kind: 'updown',
    unit: 'By',
    help: 'Memory of the process that is in RAM.',
    samples: ({ residentBytes }) => one(residentBytes),
  },
  {
    name: 'process.uptime',
    kind: 'gauge',
    unit: 's',
    help: 'How long the process runs.',
    samples: ({ uptimeSeconds }) => one(uptimeSeconds),
  },
  {
    name: 'sluice.trace.spans',
    kind: 'counter',
    unit: '{span}',
    help: 'Spans by what became of them: exported, dropped (too many waited for the collector), failed (the collector did not take them). Absent where tracing is off.',
    attributes: [NAMES.outcome],
    samples: ({ spans }) =>
      spans === undefined
        ? []
        : (['exported', 'dropped', 'failed'] as const).map((outcome) => ({
            attributes: { [NAMES.outcome]: outcome },
            value: spans[outcome],
          })),
  },
];
