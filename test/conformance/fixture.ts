import type { AddressGrammar, BusContext, Guarantees, OptionSchema } from '#contract/bus.ts';
import type { ErrorCode } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import { patient } from '../harness/patience.ts';

/** How long a subject's sink waits for the server: a busy machine holds up a healthy one for longer than a quiet one. */
export const SEND_TIMEOUT = `${patient(2000)}ms`;

/** What lies between one end and the server. */
export interface Path {
  /** Every connection over it ends, none can be made until `mend`. */
  readonly cut: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** Connections stay and nothing passes until `mend`. Undefined where the bus has no such thing. */
  readonly hush?: () => void;
  /** Connections stay, and of what the server sends only heartbeats pass until `mend`. */
  readonly heartbeatsOnly?: () => void;
  /** From now on every byte comes so much later, each way; 0 ends it. */
  readonly delayMs?: (ms: number) => void;
  /** How many connections were made over it so far. */
  readonly attempts?: () => number;
}

/** A message that the bus refuses for good. */
export interface Refusal {
  readonly kind: 'too-large' | 'denied' | 'unroutable' | 'rejected';
  /** Who says so: the server, or the driver that knows it before. */
  readonly by: 'server' | 'driver';
  readonly frame: () => Frame;
  readonly code: ErrorCode;
  /** The bus says so by ending the connection or channel, and nobody can keep it: why. It must be back by itself. */
  readonly severs?: string;
}

/** What one test is judged on: a fresh server, or what stands for one, and the ways to it. */
export interface Fixture extends AsyncDisposable {
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
  /** Connections stay and the server does nothing, until `resume`. */
  readonly pause?: () => void;
  readonly resume?: () => void;
  /** At least one of each kind that the bus knows. */
  readonly refusals?: readonly Refusal[];
  /** The server no longer takes the identity under which both ends are connected, and throws them out. */
  readonly revoke?: () => Promise<void>;
  /** It takes it again. */
  readonly grant?: () => Promise<void>;
  /** The server takes another secret from now on, and throws out who came with the old one. */
  readonly changeSecret?: () => Promise<void>;
  /** The file that both ends have the secret from holds the new one. */
  readonly renewFile?: () => void;
  /** The server has no more room, until `relieve`: it refuses or withholds confirmations. */
  readonly fill?: () => Promise<void>;
  readonly relieve?: () => Promise<void>;
  /** How the bus spells addresses. */
  readonly grammar?: AddressGrammar;
  /** Whether what is sent there reaches the source. Undefined: whatever `address` makes of a text does. */
  readonly reaches?: (address: string) => boolean;
  /** On a quiet machine, as the next one: within it a send must have settled, whatever the server does. */
  readonly sendDeadlineMs: number;
  /** How long a test waits for what must happen, reconnects included. */
  readonly patienceMs: number;
}

/** What a test cannot be judged without. */
export function demand<T>(able: T | undefined, what: string): T {
  if (able !== undefined) return able;
  throw new Error(`the fixture has no ${what}: arrange it, or excuse the bus from this test with the reason`);
}

/** Options as a driver gets them: what the schema says by default, and over it what is given. */
export function withDefaults<Given extends object>(schema: OptionSchema, given: Given): Given {
  const filled: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    if (typeof property === 'object' && property !== null && 'default' in property) filled[name] = property.default;
  }
  return { ...filled, ...given };
}
