import type { Headers, HeaderTypes } from '#contract/frame.ts';
import { isLabelHeader } from '#contract/label-headers.ts';
import type { Label } from '#contract/message.ts';
import type { SinkEnd } from '../route-parts.ts';

/**
 * The headers with this label in place of every other statement of one. Those are of the message as it came: a label that was raised,
 * or a body that was changed, is not theirs. Without a label they state none.
 */
export function labelled(headers: Headers, label: Label | undefined): Headers {
  const left = new Map<string, readonly string[]>();
  for (const [name, values] of headers) if (!isLabelHeader(name)) left.set(name, values);
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
  return [...types.keys()].filter(isLabelHeader);
}
