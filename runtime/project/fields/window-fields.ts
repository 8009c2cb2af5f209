import type { WindowBounds } from '#contract/source.ts';
import type { TrafficClass } from '#contract/traffic-class.ts';
import { sizeBytes, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { own } from '#kit/json-value.ts';
import { mapSchema, nestedField } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { optional } from './values.ts';

export interface SourceContext {
  readonly trafficClass: TrafficClass;
}

type MessageBounds = Required<Pick<WindowBounds, 'messages' | 'slowMessages'>>;

const same = (messages: number): MessageBounds => ({ messages, slowMessages: messages });
const BY_SPEED = { messages: DEFAULTS.fastWindowMessages, slowMessages: DEFAULTS.windowMessages };
const DEFAULT_BOUNDS: Readonly<Record<TrafficClass, MessageBounds>> = {
  telemetry: same(DEFAULTS.telemetryWindowMessages),
  command: same(DEFAULTS.windowMessages),
  event: BY_SPEED,
  audit: BY_SPEED,
};

/** `window` of a source. */
export const WINDOW_FIELDS = {
  messages: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      description: `The most messages unsettled at once. Default: ${DEFAULTS.windowMessages}; for classes event and audit up to ${DEFAULTS.fastWindowMessages} while half a second settles as many; for class telemetry ${DEFAULTS.telemetryWindowMessages}.`,
    },
    parse(window, { trafficClass }: SourceContext) {
      const stated = own(window, 'messages');
      return typeof stated === 'number' ? same(stated) : DEFAULT_BOUNDS[trafficClass];
    },
    doc: '`messages`: the most messages unsettled at once, 256 (telemetry: 16384) unless said otherwise. A route of class event or audit begins with 64 and allows more while its window is full; where the file states no bound, up to 1024 while half a second settles as many.',
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
