import { EVENT_SINK_MODES, EVENT_SOURCE_MODES } from '#contract/event-attributes.ts';
import { own } from '#kit/json-value.ts';
import { checkEventSink, checkEventSource } from '../check/check-events.ts';
import { field } from './field.ts';

/** `cloudevents` of a source. */
export const EVENT_SOURCE_FIELD = field({
  schema: {
    type: 'string',
    enum: [...EVENT_SOURCE_MODES],
    description:
      'The messages are CloudEvents 1.0. structured: the body is the event in JSON. binary: its attributes are headers. any: as the content type of each message says.',
  },
  parse: (from) => ({ cloudevents: EVENT_SOURCE_MODES.find((mode) => mode === own(from, 'cloudevents')) }),
  check: checkEventSource,
  doc: '`cloudevents: structured | binary | any`: the messages are CloudEvents 1.0, and the body is their data. With `structured` the body of a message is the event in JSON, with `binary` its attributes are headers, with `any` the content type says which. Any other message is a dead letter (`CLOUDEVENT_INVALID`). See [CloudEvents](codecs.md#cloudevents).',
});

/** `cloudevents` of a sink. */
export const EVENT_SINK_FIELD = field({
  schema: {
    type: 'string',
    enum: [...EVENT_SINK_MODES],
    description:
      'Writes each message as a CloudEvent 1.0: structured, the event in JSON, or binary, its attributes as headers.',
  },
  parse: (to) => ({ cloudevents: EVENT_SINK_MODES.find((mode) => mode === own(to, 'cloudevents')) }),
  check: checkEventSink,
  doc: '`cloudevents: structured | binary`: each message is written as a CloudEvent 1.0. `headers: { set: { ce-type: ..., ce-source: ... } }` sets its attributes. See [CloudEvents](codecs.md#cloudevents).',
});
