import type { CheckLine, CheckTable, ExaminedEnd } from '#contract/doctor.ts';
import { durationText, sizeText } from '#kit/quantity-text.ts';

/** Checks that every server has. */
export const SERVER_CHECKS = {
  REACHABLE: {
    title: 'reachable',
    compares: 'whether a server of this protocol answers at the address, within `--timeout`',
    remedy: 'host and port of the connection, and that the server runs',
  },
  TLS: {
    title: 'TLS',
    compares: 'whether the certificates of both sides are trusted',
    remedy: '`tls: { ca: file:ca.pem }`, and `cert` and `key` where the server asks for them',
  },
  IDENTITY: {
    title: 'identity',
    compares: 'whether the server accepts who the connection says it is, and who that is',
    remedy: 'the user and password, token, key or certificate of the connection',
  },
  SERVER_VERSION: {
    title: 'version',
    compares: 'kind and version of the server with the oldest that is supported, and with known ends of maintenance',
    remedy: 'a newer version of the server',
  },
} as const satisfies CheckTable;

/** Writes the lines of one doctor: a warning or an error says what to write, so it has one. */
export interface LineWriter {
  ok(code: string, about: string, found: string): void;
  /** It was not tried; `write` says how it can be seen. */
  unknown(code: string, about: string, found: string, write?: string): void;
  warning(code: string, about: string, found: string, write: string): void;
  error(code: string, about: string, found: string, write: string): void;
}

export function lineWriter(tell: (line: CheckLine) => void): LineWriter {
  const line =
    (verdict: CheckLine['verdict']) =>
    (code: string, about: string, found: string, write?: string): void =>
      tell({ code, verdict, about, found, ...(write !== undefined && { write }) });
  return { ok: line('ok'), unknown: line('unknown'), warning: line('warning'), error: line('error') };
}

/** Collects the lines of a judgement. */
export function collected(judge: (say: LineWriter) => void): readonly CheckLine[] {
  const lines: CheckLine[] = [];
  judge(lineWriter((line) => lines.push(line)));
  return lines;
}

/** `route orders, source` */
export function endName({ route, direction }: Pick<ExaminedEnd, 'route' | 'direction'>): string {
  return `route ${route}, ${direction === 'dead-letters' ? 'dead letters' : direction}`;
}

/** Compares the largest message that a server takes with `maxBody` of a route, where the file states it. */
export function judgeMaxBody(
  say: LineWriter,
  end: Pick<ExaminedEnd, 'route' | 'direction' | 'maxBodyBytes'>,
  limit: { readonly bytes: number | undefined; readonly setting: string; readonly about?: string },
): void {
  const about = limit.about === undefined ? endName(end) : `${endName(end)}, ${limit.about}`;
  const { bytes, setting } = limit;
  const { maxBodyBytes: wanted } = end;
  if (bytes === undefined) return say.ok('MAX_BODY', about, `${setting} sets no bound`);
  const most = `${setting} allows ${sizeText(bytes)}`;
  if (wanted === undefined || wanted <= bytes) {
    const rest = wanted === undefined ? 'a larger message becomes a dead letter' : `maxBody is ${sizeText(wanted)}`;
    return say.ok('MAX_BODY', about, `${most}; ${rest}`);
  }
  say.warning(
    'MAX_BODY',
    about,
    `${most}, and maxBody is ${sizeText(wanted)}: a message in between becomes a dead letter`,
    `${setting} of ${wanted} bytes and more at the server, or maxBody: ${Math.floor(bytes / 1024)}KiB at the source of the route`,
  );
}

/** More than this is a clock that nobody sets. */
const SKEW_WARNING_MS = 2000;
const SKEW_ERROR_MS = 60_000;

/** `serverMs` by the server's clock at a moment between the two times of ours. `precisionMs`: how exact it tells. */
export function judgeClock(say: LineWriter, { serverMs, beforeMs, afterMs, precisionMs = 0 }: ClockReading): void {
  // It can be anywhere between the question and the answer.
  const early = beforeMs - serverMs - precisionMs;
  const late = serverMs - afterMs;
  const skew = Math.max(early, late, 0);
  if (skew < SKEW_WARNING_MS) return say.ok('CLOCK', '', `within ${durationText(SKEW_WARNING_MS)} of this machine's`);
  const side = late > early ? 'ahead of' : 'behind';
  const found = `the server's clock is ${durationText(skew)} ${side} this machine's: expiry, ages and dedupe windows count wrong`;
  const write = 'run a time service (chrony, systemd-timesyncd) on both machines';
  if (skew < SKEW_ERROR_MS) say.warning('CLOCK', '', found, write);
  else say.error('CLOCK', '', found, write);
}

export interface ClockReading {
  readonly serverMs: number;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly precisionMs?: number;
}

const numbers = (text: string): number[] => text.split('.').map((part) => Number.parseInt(part, 10) || 0);

/** Whether version `a` is older than `b`: numbers between points. Text behind them does not count. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < right.length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

export interface KnownVersions {
  readonly product: string;
  /** The oldest that a driver works with. */
  readonly oldest: string;
  /** Everything before it gets no fixes any more. */
  readonly maintainedFrom: string;
}

export function judgeVersion(
  say: LineWriter,
  version: string,
  { product, oldest, maintainedFrom }: KnownVersions,
): void {
  const found = `${product} ${version}`;
  if (isOlder(version, oldest))
    return say.error('SERVER_VERSION', '', `${found} is older than ${oldest}`, `${product} ${oldest} or later`);
  if (!isOlder(version, maintainedFrom)) return say.ok('SERVER_VERSION', '', found);
  const write = `${product} ${maintainedFrom} or later`;
  say.warning(
    'SERVER_VERSION',
    '',
    `${found} gets no fixes any more: maintained are ${maintainedFrom} and later`,
    write,
  );
}
