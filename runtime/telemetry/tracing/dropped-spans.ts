import { createNoopMeter, type Counter, type Meter, type MeterProvider } from '@opentelemetry/api';

/** The SDK's own name of its count of spans that left the queue. */
const PROCESSED = 'otel.sdk.processor.span.processed';

/** Reads the SDK's metrics of itself, which alone know how many spans it dropped because too many waited. */
export class DroppedSpans {
  count = 0;

  get meterProvider(): MeterProvider {
    return { getMeter: () => this.#meter() };
  }

  #meter(): Meter {
    const none = createNoopMeter();
    return {
      createCounter: (name): Counter => ({
        add: (count, attributes) => {
          if (name === PROCESSED && attributes?.['error.type'] === 'queue_full') this.count += count;
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
}
