/** What a route reads from core NATS. */
export interface CoreFrom {
  readonly subjects: readonly string[];
  readonly queue?: string;
}

/** Where a route publishes on core NATS. */
export interface CoreTo {
  readonly subject: string;
  readonly timeout: string;
}
