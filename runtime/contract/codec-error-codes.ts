/** Codes of formats that name more than the body: schemas by their ids, events. As in ERRORS. */
export const CODEC_ERRORS = {
  CLOUDEVENT_INVALID: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message is no CloudEvent 1.0 in the mode that the route names, or the event to be written lacks id, source or type. Fix the publisher, cloudevents of the end, or the headers ce-NAME that the sink sets.',
  },
  SCHEMA_ID_UNKNOWN: {
    verdict: 'reject',
    scope: 'message',
    remedy:
      'The message names a schema by an id that the route does not know. Add its schema to schemas/ and its id to ids of the codec, then replay the letter. Or find the publisher whose schema it is.',
  },
} as const;
