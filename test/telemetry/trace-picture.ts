// `node test/telemetry/trace-picture.ts`: draws the trace of one message through three pipelines, as a Jaeger gave it back, into
// docs/images/trace.svg.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startJaeger } from '../harness/jaeger.ts';
import type { CollectedSpan } from '../harness/otlp-collector.ts';
import { testScope } from '../harness/test-scope.ts';
import { waitFor } from '../harness/wait-for.ts';
import { CHAIN, startChain } from './traced-chain.ts';
import { TRACE } from './traced-run.ts';

const FILE = join(import.meta.dirname, '../../docs/images/trace.svg');
const ROW = 22;
const NAMES_WIDTH = 330;
const BARS_WIDTH = 520;
const COLOURS: Readonly<Record<string, string>> = { edge: '#1f77b4', core: '#9467bd', archive: '#2c8c4a' };
/** The first messages of a process are slow: code is compiled. */
const WARM = 200;

interface Row {
  readonly span: CollectedSpan;
  readonly depth: number;
}

function rowsOf(spans: readonly CollectedSpan[]): readonly Row[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const under = (isChild: (span: CollectedSpan) => boolean, depth: number): Row[] =>
    spans
      .filter(isChild)
      .toSorted((a, b) => a.startMs - b.startMs)
      .flatMap((span) => [{ span, depth }, ...under(({ parentSpanId }) => parentSpanId === span.spanId, depth + 1)]);
  return under(({ parentSpanId }) => !ids.has(parentSpanId), 0);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function drawn(spans: readonly CollectedSpan[]): string {
  const rows = rowsOf(spans);
  const startMs = Math.min(...spans.map((span) => span.startMs));
  const lengthMs = Math.max(...spans.map((span) => span.endMs)) - startMs;
  const x = (ms: number): number => NAMES_WIDTH + ((ms - startMs) / lengthMs) * BARS_WIDTH;
  const width = NAMES_WIDTH + BARS_WIDTH + 90;
  const height = (rows.length + 1) * ROW + 14;
  const lines = rows.map(({ span, depth }, at) => {
    const y = (at + 1) * ROW;
    const bar = Math.max(2, x(span.endMs) - x(span.startMs));
    const ms = (span.endMs - span.startMs).toFixed(2);
    return [
      `<text x="${10 + depth * 14}" y="${y + 14}">${escaped(span.name)}</text>`,
      `<rect x="${x(span.startMs).toFixed(1)}" y="${y + 4}" width="${bar.toFixed(1)}" height="12" rx="2" fill="${COLOURS[span.service]}"/>`,
      `<text class="ms" x="${(x(span.startMs) + bar + 5).toFixed(1)}" y="${y + 14}">${ms} ms</text>`,
    ].join('');
  });
  const legend = CHAIN.map(
    (name, at) => `<text class="head" style="fill:${COLOURS[name]}" x="${10 + at * 90}" y="15">${name}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The spans of one message in three pipelines, over ${lengthMs.toFixed(1)} ms">
<style>text{font:12px ui-monospace,monospace;fill:#222}.ms{font-size:10px;fill:#555}.head{font-weight:bold}</style>
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, ...lines].join('\n')}
</svg>
`;
}

await testScope(new AbortController().signal, async () => {
  await using jaeger = await startJaeger();
  await using chain = await startChain(jaeger);
  for (let sent = 0; sent < WARM; sent += 1) await chain.publish('{"lat":1}', TRACE.replace('0af7', '2af7'));
  await waitFor(() => chain.listener.arrived.length >= WARM, 60_000, 'the messages before');
  await chain.publish('{"lat":1}', TRACE);
  const spans = await jaeger.query.traceWhen(TRACE, ({ length }) => length === 15);
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, drawn(spans));
});
