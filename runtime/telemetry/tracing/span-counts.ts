/** Spans by what became of them: taken by the collector, dropped because too many waited, or given to a collector that failed. */
export interface SpanCounts {
  readonly exported: number;
  readonly dropped: number;
  readonly failed: number;
}
