import { SluiceError } from '#contract/errors.ts';
import { DURATION_PATTERN, durationMs } from '#kit/quantity.ts';
import { functionStage } from './function.ts';
import type { StageKind } from './kind.ts';

/** `function: NAME`, or `{ function: NAME, with: {...}, timeout: 5s }`. */
export const functionKind: StageKind = {
  verb: 'function',
  names: 'function',
  description: 'Calls the default export of functions/NAME.ts with the body.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      with: { type: 'object', description: 'Handed to the function as context.options.' },
      timeout: {
        type: 'string',
        format: 'duration',
        pattern: DURATION_PATTERN,
        default: '30s',
        description: 'How long one call may take before the message is tried again.',
      },
    },
  },
  make({ pipeline, route, name, options, functions }) {
    const loaded = functions.get(name);
    if (loaded === undefined) throw new SluiceError('INTERNAL', `the function ${name} was not loaded`);
    const { timeout, with: handed } = options;
    return functionStage({
      name,
      transform: loaded.transform,
      options: typeof handed === 'object' && handed !== null ? { ...handed } : {},
      timeoutMs: durationMs(typeof timeout === 'string' ? timeout : '30s'),
      pipeline,
      route,
      explain: (thrown) => loaded.explain(thrown),
    });
  },
};
