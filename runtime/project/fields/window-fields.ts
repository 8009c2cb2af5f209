import type { WindowBounds } from '#contract/source.ts';
import type { TrafficClass } from '#contract/traffic-class.ts';
import { sizeBytes, SOME_SIZE_PATTERN } from '#kit/quantity.ts';
import { own } from '#kit/json-value.ts';
import { mapSchema, nestedField } from './field.ts';
import { DEFAULTS } from './field-defaults.ts';
import { optional } from './values.ts';

export interface SourceContext {
  readonly trafficClass: TrafficClass;
  /** Whether the bus has bounded room for what is settled behind unsettled messages (`Instances.room`). */
  readonly hasBoundedRoom: boolean;
}

type MessageBounds = Required<Pick<WindowBounds, 'messages' | 'slowMessages'>>;

const same = (messages: number): MessageBounds => ({ messages, slowMessages: messages });
const BY_SPEED = { messages: DEFAULTS.fastWindowMessages, slowMessages: DEFAULTS.windowMessages };

function defaultBounds({ trafficClass, hasBoundedRoom }: SourceContext): MessageBounds {
  if (trafficClass === 'telemetry') return same(DEFAULTS.telemetryWindowMessages);
  // With more unsettled messages the room may not hold what is settled: an older command could come again behind a newer one.
  return trafficClass === 'command' && hasBoundedRoom ? same(DEFAULTS.windowMessages) : BY_SPEED;
}

/** `window` of a source. */
export const WINDOW_FIELDS = {
  messages: nestedField({
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      description: `The most messages unsettled at once. Default: ${DEFAULTS.windowMessages}, and up to ${DEFAULTS.fastWindowMessages} while half a second settles as many (not for class command from Kafka); for class telemetry ${DEFAULTS.telemetryWindowMessages}.`,
    },
    parse(window, context: SourceContext) {
      const stated = own(window, 'messages');
      return typeof stated === 'number' ? same(stated) : defaultBounds(context);
    },
    doc: '`messages`: the most messages unsettled at once, 256 (telemetry: 16384) unless said otherwise, and up to 1024 while half a second settles as many (not for class command from Kafka). A route of class event or audit begins with 64 and allows more while its window is full.',
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
