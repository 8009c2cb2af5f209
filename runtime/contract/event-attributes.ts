/** How a bus spells the attributes of a CloudEvent in its headers, by its binding of the specification. */
export interface EventSpelling {
  /** Before the name of each attribute, as a sink writes it. Empty: the header has the name of the attribute. */
  readonly prefix: string;
  /** Prefixes that a source reads too. */
  readonly also?: readonly string[];
  /** Whether values are percent-encoded, as in HTTP headers. */
  readonly isPercentEncoded?: boolean;
  /** Whether datacontenttype has a header like each other attribute, beside the content type of the message. */
  readonly spellsContentType?: boolean;
}

/** Inside of the bridge an attribute is the header of this prefix and its name, whatever the bus is. */
export const EVENT_PREFIX = 'ce-';

export const EVENT_SOURCE_MODES = ['structured', 'binary', 'any'] as const;
export type EventSourceMode = (typeof EVENT_SOURCE_MODES)[number];
export const EVENT_SINK_MODES = ['structured', 'binary'] as const;
export type EventSinkMode = (typeof EVENT_SINK_MODES)[number];

/** Where a bus has no binding of its own, headers are spelled as inside of the bridge. */
export const USUAL_EVENT_SPELLING: EventSpelling = { prefix: EVENT_PREFIX };
