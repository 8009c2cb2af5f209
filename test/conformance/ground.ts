import type { BusContext, Guarantees, OptionSchema } from '#contract/bus.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';

/** What lies between one end and the server. */
export interface Path {
  /** Every connection over it ends, none can be made until `mend`. */
  readonly cut: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** Connections stay and nothing passes until `mend`. Undefined where the bus has no such thing. */
  readonly hush?: () => void;
}

/** What one law is judged on: a fresh server, or what stands for one, and the ways to it. */
export interface Ground extends AsyncDisposable {
  readonly source: Guarantees;
  readonly sink: Guarantees;
  readonly sourcePath: Path;
  readonly sinkPath: Path;
  /** An address that the source reads; another one for another name. */
  address(name: string): string;
  openSource(context: BusContext): Promise<Source>;
  openSink(context: BusContext): Promise<Sink>;
  /** kill -9, after which everything that the server is able to keep is kept. */
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
  /** Within it a send must have settled, whatever the server does. */
  readonly sendDeadlineMs: number;
  /** How long a law waits for what must happen, reconnects included. */
  readonly patienceMs: number;
}

/** Options as a driver gets them: what the schema says by default, and over it what is given. */
export function withDefaults<Given extends object>(schema: OptionSchema, given: Given): Given {
  const filled: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    if (typeof property === 'object' && property !== null && 'default' in property) filled[name] = property.default;
  }
  return { ...filled, ...given };
}
