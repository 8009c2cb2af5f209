import type { TrafficClass } from '#contract/traffic-class.ts';
import { sizeBytes, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { mapSchema, nestedField } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { numberOr, optional } from './values.ts';

export interface SourceContext {
  readonly trafficClass: TrafficClass;
}

const DEFAULT_MESSAGES: Readonly<Record<TrafficClass, number>> = {
  telemetry: DEFAULTS.telemetryWindowMessages,
  command: DEFAULTS.commandWindowMessages,
  event: DEFAULTS.windowMessages,
  audit: DEFAULTS.windowMessages,
};

/** `window` of a source. */
export const WINDOW_FIELDS = {
  messages: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      description: `The most messages unsettled at once. Default: ${DEFAULTS.windowMessages}; for class command ${DEFAULTS.commandWindowMessages}, for class telemetry ${DEFAULTS.telemetryWindowMessages}.`,
    },
    parse: (window, { trafficClass }: SourceContext) => ({
      messages: numberOr(window, 'messages', DEFAULT_MESSAGES[trafficClass]),
    }),
    doc: '`messages`: the most messages unsettled at once, 1024 (command: 256, telemetry: 16384) unless said otherwise. A route of class event or audit begins with 64, and allows more while that makes it faster.',
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
