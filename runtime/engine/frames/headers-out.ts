import { isContentType } from '#contract/carried-headers.ts';
import type { Codec } from '#contract/codec.ts';
import type { Headers } from '#contract/frame.ts';
import type { Message } from '#contract/message.ts';
import type { SinkEnd } from '../route-parts.ts';

type HeaderFields = Pick<SinkEnd, 'headers' | 'droppedHeaders' | 'contentType' | 'statesContentType'>;

/** The headers of the message with `to.headers` of the pipeline file applied. */
export function headersOut({ headers: set, droppedHeaders, contentType }: HeaderFields, message: Message): Headers {
  const { headers } = message;
  const isSet = set.size > 0 || contentType !== undefined;
  if (!isSet && (headers.size === 0 || !droppedHeaders.some((name) => headers.has(name)))) return headers;
  const left = new Map(headers);
  for (const name of droppedHeaders) left.delete(name);
  // A header with the name of the content type would become the content type on the next bus.
  if (contentType !== undefined) for (const name of headers.keys()) if (isContentType(name)) left.delete(name);
  for (const [name, fill] of set) left.set(name, [fill(message)]);
  return left;
}

/**
 * The content type of the outgoing frame: the one of the pipeline file, else that of the codec that wrote the body. A
 * message that came without one gets none, unless the file names the sink's codec.
 */
export function contentTypeOut(
  { contentType, statesContentType }: HeaderFields,
  codec: Codec | undefined,
  message: Message,
): string | undefined {
  if (contentType === 'none') return undefined;
  if (contentType !== undefined) return contentType(message);
  const carried = message.origin.contentType;
  return codec === undefined || (carried === undefined && !statesContentType) ? carried : codec.contentType;
}
