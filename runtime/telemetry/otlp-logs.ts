import { type Attributes, type Context, ROOT_CONTEXT, SeverityNumber, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { LogFields, LogLevel } from '#contract/log.ts';
import { NAMES } from './attribute-names.ts';
import { type ExportReports, lastExport, reportsOf } from './export-reports.ts';
import type { LogListener } from './log.ts';
import { resourceOf } from './tracing/resource.ts';

const SEVERITY: Readonly<Record<LogLevel, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};
/** Fields with a name of their own in the conventions; all others are `sluice.NAME`. */
const OF_FIELDS: Readonly<Record<string, string>> = {
  pipeline: NAMES.pipeline,
  route: NAMES.route,
  stage: NAMES.stage,
  code: NAMES.errorType,
};

export interface LogExport {
  readonly listener: LogListener;
  /** Exports what waits. Rejects when the collector has not taken it within the deadline. */
  close(): Promise<void>;
}

/**
 * Exports lines of the log by OTLP over HTTP in protobuf. At most 2,048 lines wait: with a collector that is down the newer ones are
 * dropped, and standard error has all of them.
 */
export function startLogExport(service: string, reports: ExportReports): LogExport {
  const provider = new LoggerProvider({
    resource: resourceOf(service),
    processors: [new BatchLogRecordProcessor({ exporter: reported(new OTLPLogExporter(), reports) })],
  });
  const logger = provider.getLogger('sluice');
  return {
    listener(level, event, { text, trace: traceId, span: spanId, ...fields }) {
      logger.emit({
        eventName: event,
        severityNumber: SEVERITY[level],
        severityText: level.toUpperCase(),
        body: text === undefined ? event : String(text),
        attributes: attributesOf(fields),
        ...(typeof traceId === 'string' && { context: contextOf(traceId, spanId) }),
      });
    },
    close: () => lastExport(provider.shutdown(), 'lines'),
  };
}

function attributesOf(fields: LogFields): Attributes {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [OF_FIELDS[name] ?? `sluice.${name}`, value]));
}

function contextOf(traceId: string, spanId: unknown): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: typeof spanId === 'string' ? spanId : '',
    traceFlags: TraceFlags.NONE,
  });
}

function reported(exporter: OTLPLogExporter, reports: ExportReports): LogRecordExporter {
  const silently = reportsOf(reports);
  return {
    export: (records, done) => exporter.export(records, silently(done)),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}
