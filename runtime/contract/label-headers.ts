/** CloudEvents in binary mode: of NATS, Kafka and AMQP, in any case. MQTT 5 has the plain name. */
const EVENT_PREFIX = 'ce[-_]|cloudEvents[_:]';
const EVENT_LABEL = new RegExp(`^(?:${EVENT_PREFIX})seclabel$`, 'i');
const LABEL = new RegExp(`^(?:${EVENT_PREFIX})?seclabel(?:sig|alt)?$`, 'i');

// Asked for every header; most names have another length.
const SHORTEST = 'seclabel'.length;
const SHORTEST_OF_EVENT = 'ce_seclabel'.length;
const LONGEST = 'cloudEvents_seclabelsig'.length;

/** Whether a header of this name is the attribute `seclabel` of a CloudEvent in binary mode. */
export function isEventLabel(name: string): boolean {
  return name.length >= SHORTEST_OF_EVENT && isOfLength(name) && EVENT_LABEL.test(name);
}

/** Whether a header of this name states a label, in any spelling, or binds or rephrases one. */
export function isLabelHeader(name: string): boolean {
  return isOfLength(name) && LABEL.test(name);
}

function isOfLength({ length }: string): boolean {
  return length >= SHORTEST && length <= LONGEST;
}
