import { SluiceError } from '#contract/errors.ts';
import { DURATION_PATTERN, durationMs, SIZE_PATTERN, sizeBytes } from '#kit/quantity.ts';
import { functionStage } from './function.ts';
import { isolatedFunctionStage } from './isolated-function.ts';
import type { StageKind } from '#contract/stage-kind.ts';

/** Below this not even an empty thread lives. */
const LEAST_MEMORY = '16MiB';
const DEFAULTS = { timeout: '30s', isolate: 'none', memory: '128MiB', workers: 2 } as const;

/** `function: NAME`, or `{ function: NAME, with: {...}, timeout: 5s, isolate: worker, memory: 128MiB, workers: 2 }`. */
export const functionKind: StageKind = {
  verb: 'function',
  names: 'function',
  changesBody: true,
  runsCode: true,
  mayDrop: true,
  description: 'Calls the default export of functions/NAME.ts with the body.',
  page: 'functions.md',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      with: { type: 'object', description: 'Handed to the function as context.options.' },
      timeout: {
        type: 'string',
        format: 'duration',
        pattern: DURATION_PATTERN,
        formatMinimum: '1ms',
        formatMaximum: '1d',
        default: DEFAULTS.timeout,
        description: 'How long one call may take before the message is tried again.',
      },
      isolate: {
        type: 'string',
        enum: ['none', 'worker'],
        default: DEFAULTS.isolate,
        description:
          'worker: runs in threads of its own, so that what loops, crashes or fills the memory ends only its thread.',
      },
      memory: {
        type: 'string',
        pattern: SIZE_PATTERN,
        formatMaximum: '64GiB',
        default: DEFAULTS.memory,
        description: 'How much memory one thread may hold, buffers included. Only with isolate: worker.',
      },
      workers: {
        type: 'integer',
        minimum: 1,
        maximum: 64,
        default: DEFAULTS.workers,
        description: 'How many threads; each runs one message at a time. Only with isolate: worker.',
      },
    },
  },
  flaws({ isolate = DEFAULTS.isolate, memory, workers }) {
    if (isolate !== 'worker') {
      const apart = Object.entries({ memory, workers }).filter(([, value]) => value !== undefined);
      return apart.map(([option]) => ({
        option,
        expected: `isolate: worker beside ${option}`,
        found: 'no isolate: worker',
        write: 'isolate: worker',
      }));
    }
    if (typeof memory !== 'string' || !new RegExp(SIZE_PATTERN).test(memory)) return [];
    if (sizeBytes(memory) >= sizeBytes(LEAST_MEMORY)) return [];
    return [
      { option: 'memory', expected: `at least ${LEAST_MEMORY}`, found: memory, write: `memory: ${DEFAULTS.memory}` },
    ];
  },
  make({ pipeline, route, name, options, functions, labels, log }) {
    const loaded = functions.get(name);
    if (loaded === undefined) throw new SluiceError('INTERNAL', `the function ${name} was not loaded`);
    const { timeout, with: handed, isolate, memory, workers } = options;
    const settings = {
      name,
      pipeline,
      route,
      labels,
      log,
      options: typeof handed === 'object' && handed !== null ? { ...handed } : {},
      timeoutMs: durationMs(typeof timeout === 'string' ? timeout : DEFAULTS.timeout),
    };
    if (isolate === 'worker') {
      return isolatedFunctionStage({
        ...settings,
        home: () => loaded.home(),
        memoryMiB: sizeBytes(typeof memory === 'string' ? memory : DEFAULTS.memory) / 2 ** 20,
        workers: typeof workers === 'number' ? workers : DEFAULTS.workers,
      });
    }
    return functionStage({ ...settings, transform: loaded.transform, explain: (thrown) => loaded.explain(thrown) });
  },
};
