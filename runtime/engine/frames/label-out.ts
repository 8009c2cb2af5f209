import type { Headers, HeaderTypes } from '#contract/frame.ts';
import type { Label } from '#contract/message.ts';
import type { SinkEnd } from '../route-parts.ts';

/**
 * Headers that state a label, in any spelling: of the runtime, of CloudEvents in binary mode, and what binds or rephrases a label.
 * All but the runtime's own are of the message as it came: a label that was raised, or a body that was changed, is not theirs.
 */
const LABEL_HEADER = /^(?:ce[-_]|cloudEvents[_:])?seclabel(?:sig|alt)?$/i;
const SHORTEST = 'seclabel'.length;

/** The headers with this label in place of every other statement of one. Without a label they state none. */
export function labelled(headers: Headers, label: Label | undefined): Headers {
  const left = new Map<string, readonly string[]>();
  for (const [name, values] of headers) if (name.length < SHORTEST || !LABEL_HEADER.test(name)) left.set(name, values);
  return label === undefined ? left : left.set('seclabel', [label]);
}

/** Names of the headers that a sink writes itself, and so as text, or leaves out. */
export function writtenBy(
  { headers, ceiling }: Pick<SinkEnd, 'headers' | 'ceiling'>,
  types: HeaderTypes,
): Iterable<string> {
  return ceiling === undefined ? headers.keys() : [...headers.keys(), ...labelNames(types)];
}

/** The names under which a label is stated. */
export function labelNames(types: HeaderTypes): readonly string[] {
  return [...types.keys()].filter((name) => LABEL_HEADER.test(name));
}
