import { type HrTime, ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricData,
  type MetricProducer,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { type Resource, emptyResource } from '@opentelemetry/resources';
import type { HistogramView } from '#kit/histogram.ts';
import type { GuardNumbers } from '../guard-numbers.ts';
import type { RouteNumbers } from '../route-numbers.ts';
import { NAMES } from '../attribute-names.ts';
import { BUS_METRICS } from './bus-metrics.ts';
import { GUARD_METRICS } from './guard-metrics.ts';
import { MESSAGE_METRICS } from './message-metrics.ts';
import type { Attributes, Metric, Sample } from './metric.ts';
import { PROCESS_METRICS, type ProcessNumbers } from './process-watch.ts';
import { TIME_METRICS } from './time-metrics.ts';

/** All that metrics are made of. */
export interface MetricSources {
  readonly pipeline: string;
  readonly routes: () => readonly RouteNumbers[];
  readonly guards: () => readonly GuardNumbers[];
  readonly process: () => ProcessNumbers;
}

export const ROUTE_METRICS: readonly Metric[] = [...MESSAGE_METRICS, ...TIME_METRICS, ...BUS_METRICS];

/** The numbers of the process at this moment, as the OpenTelemetry SDK takes the metrics of others. Sums count from the start of the process. */
export class NumbersProducer implements MetricProducer {
  readonly #sources: MetricSources;
  readonly #startTime: HrTime = millisToHrTime(performance.timeOrigin);

  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  scope(): ScopeMetrics {
    const { pipeline, routes, guards, process } = this.#sources;
    const points = new Points(this.#startTime, millisToHrTime(Date.now()));
    const ofRoutes = routes().map((route) => ({
      from: route,
      place: { [NAMES.pipeline]: route.pipeline, [NAMES.route]: route.route },
    }));
    const place = { [NAMES.pipeline]: pipeline };
    return {
      scope: { name: 'sluice' },
      metrics: [
        ...ROUTE_METRICS.map((metric) => points.of(metric, ofRoutes)),
        ...GUARD_METRICS.map((metric) =>
          points.of(
            metric,
            guards().map((from) => ({ from, place })),
          ),
        ),
        ...PROCESS_METRICS.map((metric) => points.of(metric, [{ from: process(), place: {} }])),
      ].filter(({ dataPoints }) => dataPoints.length > 0),
    };
  }

  collect(): Promise<CollectionResult> {
    const resource: Resource = emptyResource();
    return Promise.resolve({ resourceMetrics: { resource, scopeMetrics: [this.scope()] }, errors: [] });
  }
}

/** Makes the data of the SDK of samples. */
class Points {
  readonly #times: { readonly startTime: HrTime; readonly endTime: HrTime };

  constructor(startTime: HrTime, endTime: HrTime) {
    this.#times = { startTime, endTime };
  }

  of<From>(
    { name, help, unit, kind, samples }: Metric<From>,
    all: readonly { readonly from: From; readonly place: Attributes }[],
  ): MetricData {
    const found = all.flatMap(({ from, place }) => samples(from).map((sample) => ({ sample, place })));
    const common = {
      descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    if (kind === 'histogram') {
      const dataPoints = found.map(({ sample, place }) => ({
        ...this.#times,
        attributes: attributesOf(sample, place),
        value: histogramOf(sample.value),
      }));
      return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
    }
    const dataPoints = found.map(({ sample, place }) => ({
      ...this.#times,
      attributes: attributesOf(sample, place),
      value: typeof sample.value === 'number' ? sample.value : sample.value.count,
    }));
    if (kind === 'gauge') return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
    return { ...common, dataPointType: DataPointType.SUM, isMonotonic: kind === 'counter', dataPoints };
  }
}

function attributesOf({ attributes }: Sample, place: Attributes): Attributes {
  return { ...place, ...attributes };
}

function histogramOf(value: number | HistogramView) {
  if (typeof value === 'number') throw new TypeError('a histogram has no single value');
  return {
    buckets: { boundaries: [...value.bounds], counts: [...value.counts] },
    sum: value.sum,
    count: value.count,
  };
}
