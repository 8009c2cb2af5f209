import type { NatsConnectionOptions } from '../options.ts';

/** A connection that may make streams. */
export interface JetStreamConnectionOptions extends NatsConnectionOptions {
  readonly create: boolean;
}

/** Where a new durable consumer begins. */
export type Start = 'all' | 'new' | { readonly sequence: number } | { readonly time: string };

/** What a route reads from a stream. */
export interface JetStreamFrom {
  readonly stream: string;
  readonly subjects?: readonly string[];
  readonly durable?: string;
  readonly start: Start;
}

/** Where a route publishes. */
export interface JetStreamTo {
  readonly stream: string;
  readonly subject: string;
  readonly timeout: string;
}
