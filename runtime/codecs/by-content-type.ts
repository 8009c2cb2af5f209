import type { Codec } from '#contract/codec.ts';
import { bytes } from './bytes.ts';
import { text } from './text.ts';

/** The codec of a body whose route names none: by its content type, else JSON, which the route may have read in its own way. */
export function codecByContentType(contentType: string | undefined, json: Codec): Codec {
  if (contentType === undefined || contentType === json.contentType) return json;
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/octet-stream') return bytes;
  return type.startsWith('text/') ? text : json;
}
