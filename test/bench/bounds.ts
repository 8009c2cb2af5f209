/** What a comparison may cost Sluice: a ratio to the hand-written bridge, or a difference from it. */
export interface Bound {
  readonly of: 'ratio' | 'added';
  readonly least?: number;
  readonly most?: number;
  /** What Sluice may reach whatever the other's figure is: a ratio of two figures near zero says nothing. */
  readonly negligible?: number;
  /** Buses of the sink for which it holds; all without it. */
  readonly sinks?: readonly string[];
}

/** The names of the figures that have one, of both kinds of run. */
export type Bounded = 'messagesPerSecond' | 'writes' | 'wakeUps' | 'peakRssMb' | 'p50Ms' | 'p99Ms';

/** Every bound of the gate. */
export const BOUNDS: Readonly<Record<Bounded, Bound>> = {
  messagesPerSecond: { of: 'ratio', least: 0.95 },
  writes: { of: 'ratio', most: 1.1, negligible: 0.5 },
  wakeUps: { of: 'ratio', most: 1.1, negligible: 0.5 },
  peakRssMb: { of: 'ratio', most: 1.2, sinks: ['jetstream', 'nats'] },
  p50Ms: { of: 'added', most: 0.2 },
  p99Ms: { of: 'added', most: 1.5 },
};

/** Undefined where no bound holds for a sink of that bus. */
export function boundOf(figure: string, sink: string | undefined): Bound | undefined {
  const bound = Object.entries(BOUNDS).find(([name]) => name === figure)?.[1];
  if (bound?.sinks === undefined) return bound;
  return sink !== undefined && bound.sinks.includes(sink) ? bound : undefined;
}

/** `compared` as the bound says, `sluice` the figure itself. Judged as printed: what rounds to the bound is within it. */
export function exceeds(compared: number, sluice: number, { least, most, negligible }: Bound): boolean {
  if (negligible !== undefined && sluice <= negligible) return false;
  const printed = Number(compared.toFixed(2));
  return (least !== undefined && printed < least) || (most !== undefined && printed > most);
}
