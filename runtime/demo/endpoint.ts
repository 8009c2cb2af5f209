/** The core's end of the demo, outside the bridge: receives tracks, sends orders. */
export interface CoreEndpoint {
  /** Tracks that arrived. */
  tracks(): number;
  /** The body of the newest one, as text. */
  latest(): string | undefined;
  /** Orders that the core's bus confirmed. */
  ordersGiven(): number;
  /** Resolves once the bus has confirmed it, or refused. */
  order(unit: string): Promise<void>;
  close(): Promise<void>;
}

const TASKS = ['proceed', 'hold', 'return'] as const;

/** The body of the next order to a unit. */
export function newOrder(unit: string, number: number): object {
  return { id: `order-${number}`, unit, task: TASKS[number % TASKS.length], issuedAt: new Date().toISOString() };
}
