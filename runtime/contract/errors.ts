import { ERRORS, type ErrorCode } from './error-codes.ts';

export { ERRORS, type ErrorCode };

/** The place of an error, as far as it is known. */
export interface ErrorPlace {
  readonly route?: string;
  readonly stage?: string;
  /** The connection's name in the pipeline file. */
  readonly bus?: string;
  /** `functions/x.ts:12:5` */
  readonly position?: string;
  /** The schema that refused the body. */
  readonly schema?: string;
  /** JSON Pointer (RFC 6901) into the body: the first place that is wrong. */
  readonly pointer?: string;
}

/**
 * The one error class of the bridge; errors differ by `code`, never by text. The message states what was expected and what
 * was found, never the payload, a key or a secret.
 */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly place: ErrorPlace;
  /**
   * The label of what the message and the cause may tell of, where it is not that of the delivery: a function had raised it. Or
   * `UNDETERMINED`.
   */
  readonly label: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { place?: ErrorPlace; cause?: unknown; label?: string | undefined } = {},
  ) {
    // No stack: it costs 1.5 us a message and adds nothing to code, place and cause.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.code = code;
    this.place = options.place ?? {};
    this.label = options.label;
  }

  get verdict(): 'retry' | 'reject' {
    return ERRORS[this.code].verdict;
  }

  get scope(): 'message' | 'bus' {
    return ERRORS[this.code].scope;
  }

  get remedy(): string {
    return ERRORS[this.code].remedy;
  }

  /** The same error with more of its place. Values that are there already win. */
  at(place: ErrorPlace): SluiceError {
    const { cause, label } = this;
    return new SluiceError(this.code, this.message, { place: { ...place, ...this.place }, cause, label });
  }

  /** The same error, which may tell of what has this label. One that is there already wins. */
  of(label: string | undefined): SluiceError {
    if (label === undefined || this.label !== undefined) return this;
    return new SluiceError(this.code, this.message, { place: this.place, cause: this.cause, label });
  }
}

/** As `SluiceError.label`: a function raised by what is no label, so that nobody can tell which one it meant. */
export const UNDETERMINED = '';

/** The thrown value as a SluiceError: the same one, or a new one with `code`. */
export function asSluiceError(thrown: unknown, code: ErrorCode = 'INTERNAL'): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  return new SluiceError(code, messageOf(thrown), { cause: thrown });
}

/** Whether the stack of the process overflowed, most likely by a deeply nested value. */
export function isStackOverflow(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message === 'Maximum call stack size exceeded';
}

/** The message of a thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
