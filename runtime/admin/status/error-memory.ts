import { ERRORS, type ErrorCode } from '#contract/errors.ts';
import type { Log, LogFields } from '#contract/log.ts';
import { shortened } from '#kit/shortened.ts';
import type { ErrorStatus } from './status.ts';

const MOST = 20;
const LONGEST = 500;
/** Warnings without a code that an operator looks for at once. */
const TOLD = new Set(['disconnected', 'suspended', 'connection-renewed']);
/** Warnings of the pipeline file: `sluice check` is for them. */
const LEFT_OUT = new Set(['check']);

interface Remembered {
  readonly firstMs: number;
  lastMs: number;
  count: number;
  fields: LogFields;
}

/** The last errors of a running pipeline: those that its log tells of, one of each kind, with their number. */
export class ErrorMemory {
  /** By route, event and code; the one that happened last is the last. */
  readonly #kinds = new Map<string, Remembered>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** A log that remembers its errors here. */
  listening(log: Log): Log {
    return {
      ...(log.debug !== undefined && { debug: (event, fields) => log.debug?.(event, fields) }),
      info: (event, fields) => log.info(event, fields),
      warn: (event, fields = {}) => {
        if ((fields['code'] !== undefined || TOLD.has(event)) && !LEFT_OUT.has(event)) this.#remember(event, fields);
        log.warn(event, fields);
      },
      error: (event, fields = {}) => {
        this.#remember(event, fields);
        log.error(event, fields);
      },
    };
  }

  /** The newest first. */
  errors(): readonly ErrorStatus[] {
    return [...this.#kinds].map(([key, remembered]) => told(key.split(' ', 1)[0] ?? '', remembered)).toReversed();
  }

  #remember(event: string, fields: LogFields): void {
    const nowMs = this.#nowMs();
    const key = `${event} ${String(fields['route'])} ${String(fields['code'])} ${String(fields['end'])}`;
    const before = this.#kinds.get(key);
    this.#kinds.delete(key);
    this.#kinds.set(key, {
      firstMs: before?.firstMs ?? nowMs,
      lastMs: nowMs,
      count: (before?.count ?? 0) + 1,
      fields,
    });
    const [oldest] = this.#kinds.keys();
    if (oldest !== undefined && this.#kinds.size > MOST) this.#kinds.delete(oldest);
  }
}

function told(event: string, { firstMs, lastMs, count, fields }: Remembered): ErrorStatus {
  const { route, code, text = '', trace } = fields;
  const remedy = typeof code === 'string' && isCode(code) ? ERRORS[code].remedy : undefined;
  // Some lines of the log end with the remedy.
  const said = String(text);
  const own =
    remedy !== undefined && said.endsWith(remedy) ? said.slice(0, -remedy.length).replace(/\.? *$/, '') : said;
  return {
    at: new Date(lastMs).toISOString(),
    firstAt: new Date(firstMs).toISOString(),
    count,
    ...(typeof route === 'string' && { route }),
    event,
    ...(typeof code === 'string' && { code }),
    text: shortened(own, LONGEST),
    ...(remedy !== undefined && { remedy }),
    ...(typeof trace === 'string' && { traceId: trace }),
  };
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
