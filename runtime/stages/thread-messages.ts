/** What a thread is told once. */
export interface ThreadSettings {
  /** Of the module that exports `functions`. */
  readonly url: string;
  readonly name: string;
  readonly route: string;
  readonly pipeline: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One message for the function in the thread. */
export interface Call {
  readonly body: unknown;
  readonly id: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly label: string | undefined;
  readonly attempt: number;
}

/** What was thrown in a thread, in words that can leave it. */
export interface Thrown {
  /** False of what is no Error: then `value` is it, where it can leave. */
  readonly isError: boolean;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Codes of it, of what caused it, and of what it is made of. */
  readonly codes: readonly string[];
  readonly value: unknown;
}

/** What a thread says: `ready` or `broken` once, then one answer for each call, in order. */
export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'broken'; readonly thrown: Thrown }
  | { readonly kind: 'returned'; readonly body: unknown }
  | { readonly kind: 'emitted'; readonly bodies: readonly unknown[] }
  | { readonly kind: 'dropped' | 'rejected'; readonly reason: string }
  | { readonly kind: 'threw'; readonly thrown: Thrown }
  | { readonly kind: 'uncloneable'; readonly text: string };
