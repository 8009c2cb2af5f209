/** The core's end of the demo, outside the bridge: receives tracks, sends orders. */
export interface CoreEndpoint {
  /** Tracks that arrived. */
  tracks(): number;
  /** Those of them that the core may not hold, by their label. */
  forbidden(): number;
  /** The label and the body of the newest one, as text. */
  latest(): string | undefined;
  /** Orders that the core's bus confirmed. */
  ordersGiven(): number;
  /** Resolves once the bus has confirmed it, or refused. */
  order(unit: string): Promise<void>;
  close(): Promise<void>;
}

/** A label of schemas/fleet.policy.json that the core may hold, as the pipelines say of it. */
const ALLOWED = /(^|;)c=U(;|$)/;

/** Counts tracks as they arrive. */
export function newTally(): { readonly saw: (label: string | undefined, track: string) => void } & Pick<
  CoreEndpoint,
  'tracks' | 'forbidden' | 'latest'
> {
  let tracks = 0;
  let forbidden = 0;
  let latest: string | undefined;
  return {
    saw(label = 'no label', track) {
      tracks += 1;
      if (!ALLOWED.test(label)) forbidden += 1;
      latest = `${label}  ${track}`;
    },
    tracks: () => tracks,
    forbidden: () => forbidden,
    latest: () => latest,
  };
}

const TASKS = ['proceed', 'hold', 'return'] as const;

/** The body of the next order to a unit. */
export function newOrder(unit: string, number: number): object {
  return { id: `order-${number}`, unit, task: TASKS[number % TASKS.length], issuedAt: new Date().toISOString() };
}
