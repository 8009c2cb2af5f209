import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { type ExportReports, reportsOf } from '../export-reports.ts';

/** Counts what the collector takes and what it does not, and reports an outage once. */
export class ReportedExporter implements SpanExporter {
  exported = 0;
  failed = 0;
  readonly #exporter: SpanExporter;
  readonly #reported: ReturnType<typeof reportsOf>;

  constructor(exporter: SpanExporter, reports: ExportReports) {
    this.#exporter = exporter;
    this.#reported = reportsOf(reports);
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    const reported = this.#reported(done);
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.exported += spans.length;
      else this.failed += spans.length;
      reported(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
