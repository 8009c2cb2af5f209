import type { BridgeSettings, DeliveredCount } from '../bridge.ts';

/** The half of a hand-written bridge that writes. */
export interface HandSink {
  /** How many messages may be unconfirmed at once: what its source may have in flight. */
  readonly window: number;
  /** Keeps the order of one key. `done` is called once the bus has confirmed the message; on any failure the process ends. */
  send(key: string, body: Uint8Array, id: string, done: () => void): void;
  close(): Promise<void>;
}

export type OpenHandSink = (url: string, name: string) => Promise<HandSink>;

/** The half that reads: translates each message, hands it to the sink, and acknowledges it once that is done. Returns how to stop. */
export type HandSource = (
  settings: BridgeSettings,
  sink: HandSink,
  delivered: DeliveredCount,
) => Promise<() => Promise<void>>;
