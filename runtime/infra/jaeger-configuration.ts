const STORE = 'memory';
const MOST_TRACES = 100_000;

/** Nothing but OTLP over HTTP and the query API has a port that anybody chose; two can run at once. */
export function jaegerConfiguration(otlp: number, query: number): object {
  return {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query'],
      // Without a batch: a request is answered once its spans can be found.
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'info' } },
    },
    extensions: {
      jaeger_storage: { backends: { [STORE]: { memory: { max_traces: MOST_TRACES } } } },
      jaeger_query: {
        storage: { traces: STORE },
        http: { endpoint: `127.0.0.1:${query}` },
        // The same API once more, which cannot be left out: on any port.
        grpc: { endpoint: '127.0.0.1:0' },
        // Or its own requests would be traces beside those of the test.
        enable_tracing: false,
      },
    },
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlp}` } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: STORE } },
  };
}
