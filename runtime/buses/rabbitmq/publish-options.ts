import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import type { Frame, HeaderType } from '#contract/frame.ts';
import { isoTime } from '#kit/iso-time.ts';
import type { PublishOptions } from './client/publisher.ts';
import { valueOfTexts } from './header-values.ts';
import { PROPERTY_OF, RESTORED, type RestoredHeader } from './property-headers.ts';
import { isShort } from './routing-key.ts';

/** The settings of every publish of a sink. */
export interface PublishSettings {
  readonly persistent: boolean;
  readonly priority: number | undefined;
}

/** The largest expiration that the server accepts. */
const MAX_TTL_MS = 4_294_967_295;

/**
 * Properties and headers of an outgoing frame, which must be spelled for RabbitMQ (header-spelling.ts). `ttlMs` is the time
 * until its expiry.
 */
export function publishOptions(settings: PublishSettings, frame: Frame, ttlMs: number | undefined): PublishOptions {
  const { id, contentType, timestampMs, expiresAtMs } = frame;
  const table: Record<string, unknown> = Object.create(null);
  const options: PublishOptions = { mandatory: true, persistent: settings.persistent, headers: table };
  if (frame.headers.size > 0) writeHeaders(frame, table, options);
  if (id !== undefined) {
    if (isShort(id)) options.messageId = id;
    else table['msgid'] = id;
  }
  if (contentType !== undefined) {
    if (isShort(contentType)) options.contentType = contentType;
    else table[CONTENT_TYPE] = contentType;
  }
  if (timestampMs !== undefined && timestampMs > 0) options.timestamp = Math.floor(timestampMs / 1000);
  if (expiresAtMs !== undefined && ttlMs !== undefined) {
    options.expiration = String(Math.min(Math.ceil(ttlMs), MAX_TTL_MS));
    table['expirytime'] = isoTime(expiresAtMs);
  }
  if (settings.priority !== undefined) options.priority = settings.priority;
  return options;
}

function writeHeaders({ headers, headerTypes }: Frame, table: Record<string, unknown>, options: PublishOptions): void {
  for (const [name, values] of headers) {
    const types = headerTypes?.get(name);
    const plain = types === undefined && values.length === 1 ? values[0] : undefined;
    if (plain === undefined) table[name] = typed(values, types);
    else if (!isRestored(name) || !restore(name, plain, options)) table[name] = plainText(plain);
  }
}

const ASCII = /^[\x20-\x7e]*$/;

function plainText(text: string): unknown {
  return ASCII.test(text) ? text : valueOfTexts([{ text, type: 'text' }]);
}

function typed(values: readonly string[], types: readonly HeaderType[] | undefined): unknown {
  return valueOfTexts(values.map((text, at) => ({ text, type: types?.[at] ?? 'text' })));
}

function isRestored(name: string): name is RestoredHeader {
  return name.startsWith('amqp-') && RESTORED.some((restored) => restored === name);
}

/** False when the property cannot hold the value: it is sent as a header then. */
function restore(name: RestoredHeader, text: string, options: PublishOptions): boolean {
  const property = PROPERTY_OF[name];
  if (property !== 'priority') {
    if (!isShort(text) || !text.isWellFormed()) return false;
    options[property] = text;
    return true;
  }
  const priority = /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Number.NaN;
  if (!(priority <= 255)) return false;
  options.priority = priority;
  return true;
}
