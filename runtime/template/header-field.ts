import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import { isReserved } from '#contract/frame.ts';
import type { TemplateView } from '#contract/template.ts';

type FrameFields = TemplateView['origin'];

/** The parts of a message that headers are read from. */
type HeaderView = Pick<TemplateView, 'headers' | 'origin'>;

const publishersId = ({ id }: FrameFields): string | undefined => id;

/** Headers that sources move into fields, by name in lower case, with the value from that field. */
const FIELDS: ReadonlyMap<string, (fields: FrameFields) => string | undefined> = new Map([
  ['msgid', publishersId],
  ['nats-msg-id', publishersId],
  [CONTENT_TYPE, ({ contentType }: FrameFields) => contentType],
  [
    'expirytime',
    ({ expiresAtMs }: FrameFields) => (expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString()),
  ],
]);

/** Whether sources take a header of this name out of the headers into a field. */
export function isFieldName(name: string): boolean {
  return FIELDS.has(name.toLowerCase());
}

/**
 * Reads `{header.NAME}`: the runtime's own names and those of fields in any spelling, all others as they are written.
 * Undefined where the message has none.
 */
export function headerGetter(name: string): (view: HeaderView) => string | undefined {
  const lower = name.toLowerCase();
  const settled = isReserved(name) ? lower : name;
  const field = FIELDS.get(lower);
  if (field === undefined) return ({ headers }) => headers.get(settled)?.[0];
  return ({ headers, origin }) => field(origin) ?? headers.get(settled)?.[0];
}
