import type { Frame } from '#contract/frame.ts';
import { isoTime } from '#kit/iso-time.ts';
import { harmless } from '#kit/printable.ts';
import type { ShownBody } from './shown-body.ts';

/** A message that a watcher has read. */
export interface ShownMessage {
  readonly frame: Frame;
  /** The bus's own key, else what the route takes for it. */
  readonly key: string | undefined;
  /** The one that is to read it, where it is sent again. */
  readonly route?: string;
  readonly isRetained: boolean;
  /** When it was read, where the bus states no time. */
  readonly arrivedAtMs: number;
  readonly body: ShownBody;
}

/** How lines for people are written. */
export interface LineStyle {
  readonly isColoured: boolean;
  /** The longest body that is shown whole, in characters. */
  readonly longest: number;
}

const HEX_BYTES = 64;
const LABEL = 'seclabel';
const BARE = /^[^\s"\\=]+$/;

/** For machines: one line of JSON, which `sluice send` sends again as it was. */
export function messageJson({ frame, key, route, isRetained, arrivedAtMs, body }: ShownMessage): string {
  const { address, id, contentType, expiresAtMs } = frame;
  const others = [...frame.headers].filter(([name]) => name !== LABEL);
  const headers = others.map(([name, values]) => [name, values.length === 1 ? values[0] : values] as const);
  const envelope = {
    time: isoTime(frame.timestampMs ?? arrivedAtMs),
    address,
    route,
    key,
    label: frame.headers.get(LABEL)?.[0],
    id,
    contentType: contentType ?? typeOf(body),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
    ...(expiresAtMs !== undefined && { expires: isoTime(expiresAtMs) }),
    ...(isRetained && { retained: true }),
  };
  return `${JSON.stringify(envelope).slice(0, -1)},${bodyMember(body, frame.body)}}`;
}

/** Without a content type `text` and `base64` have one of their own (codecs/message-line.ts). */
function typeOf({ kind }: ShownBody): string | undefined {
  return kind === 'text' ? 'text/plain' : undefined;
}

function bodyMember(shown: ShownBody, body: Uint8Array | null): string {
  switch (shown.kind) {
    case 'none':
      return '"base64":null';
    case 'json':
      return `"body":${shown.json}`;
    case 'text':
      return `"text":${JSON.stringify(shown.text)}`;
    case 'decoded':
      return `"body":${shown.json},"base64":${base64Of(body)}`;
    case 'bytes':
      return `"base64":${base64Of(body)}`;
  }
}

function base64Of(body: Uint8Array | null): string {
  return JSON.stringify(Buffer.from(body ?? []).toString('base64'));
}

/** For people: the envelope on one line, the body on the next. */
export function messageText(message: ShownMessage, style: LineStyle): string {
  const { frame, key, isRetained, arrivedAtMs, body } = message;
  const { address, headers, id, contentType, expiresAtMs } = frame;
  const paint = (code: number, text: string): string => (style.isColoured ? `\u001B[${code}m${text}\u001B[0m` : text);
  const label = headers.get(LABEL);
  const facts = [
    ...(label === undefined ? [] : [paint(33, `label=${valueText(label.join(', '))}`)]),
    ...(key === undefined ? [] : [`key=${valueText(key)}`]),
    ...(id === undefined ? [] : [`id=${valueText(id)}`]),
    ...(contentType === undefined ? [] : [`type=${valueText(contentType)}`]),
    ...(expiresAtMs === undefined ? [] : [`expires=${isoTime(expiresAtMs)}`]),
    ...(isRetained ? ['retained'] : []),
    ...[...headers].flatMap(([name, values]) =>
      name === LABEL ? [] : values.map((value) => paint(2, `${valueText(name)}:${valueText(value)}`)),
    ),
  ];
  const head = [isoTime(frame.timestampMs ?? arrivedAtMs), paint(1, harmless(address) || '""'), ...facts].join('  ');
  return `${head}\n  ${bodyText(body, frame.body, style.longest)}\n`;
}

function valueText(value: string): string {
  return BARE.test(value) && harmless(value) === value ? value : harmless(JSON.stringify(value));
}

function bodyText(shown: ShownBody, body: Uint8Array | null, longest: number): string {
  switch (shown.kind) {
    case 'none':
      return '(no body)';
    case 'json':
      return cut(harmless(shown.json), longest);
    case 'decoded':
      return `${shown.codec}: ${cut(harmless(shown.json), longest)}`;
    case 'text':
      return shown.text === '' ? '(empty)' : cut(harmless(shown.text), longest);
    case 'bytes': {
      const bytes = Buffer.from(body ?? []);
      const more = bytes.length > HEX_BYTES ? ' ...' : '';
      return `${bytes.length} bytes: ${bytes.subarray(0, HEX_BYTES).toString('hex').replaceAll(/../g, '$& ').trim()}${more}`;
    }
  }
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest)} ... (${text.length} characters; --json shows all)`;
}
