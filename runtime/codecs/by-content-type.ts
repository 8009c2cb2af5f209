import type { Codec } from '#contract/codec.ts';
import { bytes } from './bytes.ts';
import { json } from './json.ts';
import { text } from './text.ts';

/** The codec of a body whose route names none: by its content type, else JSON. */
export function codecByContentType(contentType: string | undefined): Codec {
  if (contentType === undefined || contentType === json.contentType) return json;
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/octet-stream') return bytes;
  return type.startsWith('text/') ? text : json;
}
