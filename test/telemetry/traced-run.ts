import assert from 'node:assert/strict';
import { type CollectedSpan, type OtlpCollector } from '../harness/otlp-collector.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type MemoryRun, type MemoryRunSettings, startMemoryRun } from '../host/memory-run.ts';

export const TRACE = '0af7651916cd43dd8448eb211c80319c';
export const PARENT = 'b7ad6b7169203331';

/** A memory run whose spans go to the collector: the exporter reads the variables of the process. */
export async function tracedRun(
  collector: Pick<OtlpCollector, 'url'>,
  settings: MemoryRunSettings = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<MemoryRun> {
  const own = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...variables };
  const before = Object.keys(own).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, own);
  try {
    return await startMemoryRun({ ...settings, run: { environment: { ...process.env }, ...settings.run } });
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

export function traceparent(traceId = TRACE, flags = '01'): { headers: Map<string, string[]> } {
  return { headers: new Map([['traceparent', [`00-${traceId}-${PARENT}-${flags}`]]]) };
}

/** The spans of the collector that `belongs` takes, once their outermost one has come. */
export function spansWhere(
  collector: OtlpCollector,
  belongs: (span: CollectedSpan) => boolean,
): Promise<readonly CollectedSpan[]> {
  return waitFor(
    () => {
      const found = collector.spans.filter(belongs);
      return found.some(({ name }) => /^(process|aggregate) /.test(name)) && found;
    },
    5000,
    'the outermost span',
  );
}

/** The names of the spans as a tree, each level indented, the children in order of their start. */
export function treeOf(spans: readonly CollectedSpan[]): readonly string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const under = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanId }) => (parent === undefined ? !ids.has(parentSpanId) : parentSpanId === parent))
      .toSorted((a, b) => a.startMs - b.startMs)
      .flatMap((span) => [`${'  '.repeat(depth)}${span.name}`, ...under(span.spanId, depth + 1)]);
  return under(undefined, 0);
}

let traces = 0;

/** The id of a trace that no other law of this process has. */
export function freshTrace(): string {
  traces += 1;
  return TRACE.slice(0, -4) + String(traces).padStart(4, '0');
}

/** The spans of a trace, once the outermost one has come. */
export function ofTrace(collector: OtlpCollector, traceId: string): Promise<readonly CollectedSpan[]> {
  return spansWhere(collector, (span) => span.traceId === traceId);
}

/** Publishes a message that is a part of this trace. */
export async function publishIn(run: MemoryRun, address: string, body: string, traceId: string): Promise<void> {
  await run.publish(address, body, traceparent(traceId));
}

/** The only span of that name. */
export function only(spans: readonly CollectedSpan[], name: RegExp | string): CollectedSpan {
  const found = spans.filter((span) => (typeof name === 'string' ? span.name === name : name.test(span.name)));
  assert.equal(found.length, 1, `${found.length} of ${String(name)} in ${spans.map((span) => span.name).join(', ')}`);
  return found[0] as CollectedSpan;
}
