import type { Options } from 'amqplib';
import { SluiceError } from '#contract/errors.ts';
import type { Frame, Headers, HeaderType, HeaderTypes } from '#contract/frame.ts';
import { valueOfTexts } from './header-values.ts';
import { CARRIED, LISTS, ORDERS, PROPERTY_OF, RESTORED, type RestoredHeader } from './property-headers.ts';
import { isShort } from './routing-key.ts';

/** What is the same in every publish of a sink. */
export interface PublishSettings {
  readonly persistent: boolean;
  readonly priority: number | undefined;
  /** Streams keep single values only. */
  readonly keepsLists: boolean;
}

/** The server counts no further. */
const MAX_TTL_MS = 4_294_967_295;

/**
 * Properties and headers of a frame on its way out; `ttlMs` is what its expiry leaves. Throws SINK_REFUSED for what
 * AMQP cannot carry.
 */
export function publishOptions(settings: PublishSettings, frame: Frame, ttlMs: number | undefined): Options.Publish {
  const { id, contentType, timestampMs, expiresAtMs } = frame;
  const table: Record<string, unknown> = Object.create(null);
  const options: Options.Publish = { mandatory: true, persistent: settings.persistent, headers: table };
  if (frame.headers.size > 0) writeHeaders(frame, settings, table, options);
  if (id !== undefined) {
    if (isShort(id)) options.messageId = id;
    else table['msgid'] = id;
  }
  if (contentType !== undefined) {
    if (isShort(contentType)) options.contentType = contentType;
    else table['content-type'] = contentType;
  }
  if (timestampMs !== undefined && timestampMs > 0) options.timestamp = Math.floor(timestampMs / 1000);
  if (expiresAtMs !== undefined && ttlMs !== undefined) {
    options.expiration = String(Math.min(Math.ceil(ttlMs), MAX_TTL_MS));
    table['expirytime'] = new Date(expiresAtMs).toISOString();
  }
  if (settings.priority !== undefined) options.priority = settings.priority;
  return options;
}

function writeHeaders(
  { headers, headerTypes }: Frame,
  { keepsLists }: PublishSettings,
  table: Record<string, unknown>,
  options: Options.Publish,
): void {
  for (const [name, values] of headers) {
    const types = headerTypes?.get(name);
    const [only] = values;
    if (isRestored(name) && values.length === 1 && only !== undefined && restore(name, only, options)) continue;
    if (!isShort(name)) throw new SluiceError('SINK_REFUSED', 'AMQP cannot carry a header name of more than 255 bytes');
    if (ORDERS.has(name)) continue;
    table[name] = types === undefined && values.length === 1 ? plainText(only ?? '') : typed(name, values, types);
  }
  for (const name of ORDERS) carry(name, { headers, headerTypes }, table);
  if (!keepsLists) writeLists(headerTypes, headers, table);
}

/** Takes lists and tables out of the headers, and writes them as one text. */
function writeLists(types: HeaderTypes | undefined, headers: Headers, table: Record<string, unknown>): void {
  const lists: [name: string, values: readonly string[], types: readonly HeaderType[]][] = [];
  for (const [name, values] of headers) {
    const written = ORDERS.has(name) ? CARRIED + name : name;
    const isList = values.length !== 1 || types?.get(name)?.includes('json') === true;
    if (!isList || !(written in table)) continue;
    delete table[written];
    lists.push([written, values, typesOf(types, name, values)]);
  }
  if (lists.length > 0) table[LISTS] = JSON.stringify(lists);
}

const ASCII = /^[\x20-\x7e]*$/;

function plainText(text: string): unknown {
  return ASCII.test(text) ? text : valueOfTexts([{ text, type: 'text' }]);
}

/** What the server would act on, beside what an earlier bridge carried so. */
function carry(
  name: string,
  { headers, headerTypes }: Pick<Frame, 'headers' | 'headerTypes'>,
  table: Record<string, unknown>,
): void {
  const values = headers.get(name);
  if (values === undefined) return;
  const carried = CARRIED + name;
  const before = headers.get(carried) ?? [];
  const types = [...typesOf(headerTypes, name, values), ...typesOf(headerTypes, carried, before)];
  table[carried] = typed(name, [...values, ...before], types);
}

function typesOf(headerTypes: HeaderTypes | undefined, name: string, values: readonly string[]): HeaderType[] {
  const types = headerTypes?.get(name);
  return values.map((_, at) => types?.[at] ?? 'text');
}

function typed(name: string, values: readonly string[], types: readonly HeaderType[] | undefined): unknown {
  try {
    return valueOfTexts(values.map((text, at) => ({ text, type: types?.[at] ?? 'text' })));
  } catch {
    throw new SluiceError('SINK_REFUSED', `AMQP cannot carry the value of header ${name}`);
  }
}

function isRestored(name: string): name is RestoredHeader {
  return name.startsWith('amqp-') && RESTORED.some((restored) => restored === name);
}

/** False where the property cannot hold it: it goes as the header that it is. */
function restore(name: RestoredHeader, text: string, options: Options.Publish): boolean {
  const property = PROPERTY_OF[name];
  if (property !== 'priority') {
    if (!isShort(text)) return false;
    options[property] = text;
    return true;
  }
  const priority = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(priority <= 255)) return false;
  options.priority = priority;
  return true;
}
