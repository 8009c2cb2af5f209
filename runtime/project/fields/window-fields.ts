import type { TrafficClass } from '#contract/traffic-class.ts';
import { sizeBytes, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { mapSchema, nestedField } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { numberOr, optional } from './values.ts';

export interface SourceContext {
  readonly trafficClass: TrafficClass;
}

/** `window` of a source. */
export const WINDOW_FIELDS = {
  messages: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      description: `The most messages unsettled at once. Default: ${DEFAULTS.windowMessages}; for class telemetry ${DEFAULTS.telemetryWindowMessages}.`,
    },
    parse(window, { trafficClass }: SourceContext) {
      const byClass = trafficClass === 'telemetry' ? DEFAULTS.telemetryWindowMessages : DEFAULTS.windowMessages;
      return { messages: numberOr(window, 'messages', byClass) };
    },
    doc: '`messages`: the most messages unsettled at once, 256 (16384 for class telemetry) unless said otherwise. A route of class event or audit begins with 64 and allows more while its window is full.',
  }),
  bytes: nestedField({
    schema: {
      type: 'string',
      pattern: SOME_SIZE_PATTERN,
      formatMaximum: '64GiB',
      default: DEFAULTS.windowBytes,
      description: 'Bytes of bodies unsettled at once.',
    },
    parse: (window) => ({ bytes: sizeBytes(optional(window, 'bytes') ?? DEFAULTS.windowBytes) }),
    doc: '`bytes`: bytes of bodies unsettled at once, `64MiB` unless said otherwise.',
  }),
} as const;

export const WINDOW_SCHEMA = mapSchema(WINDOW_FIELDS, {
  description: 'How much may be unsettled at once; sets the prefetch of the client.',
});
