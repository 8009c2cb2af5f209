import { EVENT_SINK_MODES, EVENT_SOURCE_MODES } from '#contract/event-attributes.ts';
import { own } from '#kit/json-value.ts';
import { checkEventSink, checkEventSource } from '../check/check-events.ts';
import { field } from './field.ts';

/** `cloudevents` of a source. */
export const EVENT_SOURCE_FIELD = field({
  schema: {
    type: 'string',
    enum: [...EVENT_SOURCE_MODES],
    description: 'The messages are CloudEvents 1.0.',
  },
  parse: (from) => ({ cloudevents: EVENT_SOURCE_MODES.find((mode) => mode === own(from, 'cloudevents')) }),
  check: checkEventSource,
  doc: '`cloudevents: structured | binary | any`: the messages are CloudEvents 1.0, and the body is their data. Any other message is a dead letter (`CLOUDEVENT_INVALID`). See [CloudEvents](codecs.md#cloudevents).',
});

/** `cloudevents` of a sink. */
export const EVENT_SINK_FIELD = field({
  schema: {
    type: 'string',
    enum: [...EVENT_SINK_MODES],
    description: 'Writes CloudEvents 1.0.',
  },
  parse: (to) => ({ cloudevents: EVENT_SINK_MODES.find((mode) => mode === own(to, 'cloudevents')) }),
  check: checkEventSink,
  doc: '`cloudevents: structured | binary`: each message is written as a [CloudEvent](codecs.md#cloudevents) 1.0.',
});
