import { createNoopMeter, type Counter, type Meter, type MeterProvider } from '@opentelemetry/api';

/** Spans by what became of them: taken by the collector, dropped because too many waited, or given to a collector that failed. */
export interface SpanCounts {
  readonly exported: number;
  readonly dropped: number;
  readonly failed: number;
}

/** The SDK's own name of its count of spans that left the queue. */
const PROCESSED = 'otel.sdk.processor.span.processed';

/** Reads the SDK's metrics of itself, which alone know what it dropped. */
export class SpanCounter implements SpanCounts {
  exported = 0;
  dropped = 0;
  failed = 0;

  get meterProvider(): MeterProvider {
    return { getMeter: () => this.#meter() };
  }

  #meter(): Meter {
    const none = createNoopMeter();
    return {
      createCounter: (name): Counter => ({
        add: (count, attributes) => {
          if (name === PROCESSED) this.#count(count, attributes?.['error.type']);
        },
      }),
      createGauge: (name) => none.createGauge(name),
      createHistogram: (name) => none.createHistogram(name),
      createUpDownCounter: (name) => none.createUpDownCounter(name),
      createObservableGauge: (name) => none.createObservableGauge(name),
      createObservableCounter: (name) => none.createObservableCounter(name),
      createObservableUpDownCounter: (name) => none.createObservableUpDownCounter(name),
      addBatchObservableCallback() {},
      removeBatchObservableCallback() {},
    };
  }

  #count(count: number, error: unknown): void {
    if (error === undefined) this.exported += count;
    else if (error === 'queue_full') this.dropped += count;
    else this.failed += count;
  }
}
