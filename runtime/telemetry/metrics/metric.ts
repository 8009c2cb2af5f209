import type { HistogramView } from '#kit/histogram.ts';
import type { RouteNumbers } from '../route-numbers.ts';

export type Attributes = Readonly<Record<string, string | number>>;

export interface Sample {
  /** Beside those of the route. */
  readonly attributes?: Attributes;
  readonly value: number | HistogramView;
}

/** `updown`: a sum that falls too, as the messages in the bridge. */
export type MetricKind = 'counter' | 'gauge' | 'updown' | 'histogram';

/** One metric: its name and meaning, as docs/metrics.md has them, and where its numbers come from. */
export interface Metric<From = RouteNumbers> {
  readonly name: string;
  readonly kind: MetricKind;
  /** UCUM, as OpenTelemetry writes units: `s`, `By`, `{message}`, `1`. */
  readonly unit: string;
  readonly help: string;
  /** Names of attributes beside those of the route. Values are words of a closed list, or names of the pipeline file: their number is bounded. */
  readonly attributes?: readonly string[];
  readonly samples: (from: From) => readonly Sample[];
}

/** Absent where the value is. */
export function one(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value }];
}

/** One sample for each entry, with its key as the attribute. */
export function by(attribute: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([key, value]) => ({ attributes: { [attribute]: key }, value }));
}

export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
