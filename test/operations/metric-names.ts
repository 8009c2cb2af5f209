import { prometheusName, TABLES } from '../telemetry/metrics-page.ts';

const ALL = TABLES.flatMap(([, rows]) => rows);
const METRICS = new Set(
  ALL.flatMap((metric) => {
    const name = prometheusName(metric);
    return metric.kind === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name];
  }),
);
const LABELS = new Set(
  ['sluice.pipeline.name', 'sluice.route.name', ...ALL.flatMap(({ attributes = [] }) => attributes)].map((name) =>
    name.replaceAll('.', '_'),
  ),
);

/** The names in an expression of PromQL, and in the text of a legend, that the bridge does not export. */
export function unknownNames(expression: string): readonly string[] {
  // Texts of matchers are no names.
  const names = expression.replaceAll(/"[^"]*"/g, '""').match(/\b(?:sluice|messaging|nodejs|process|cpu)_[a-z0-9_]+/g);
  return (names ?? []).filter((name) => !METRICS.has(name) && !LABELS.has(name));
}

/** Whether it asks for any metric of the bridge. */
export function asksForMetric(expression: string): boolean {
  return (expression.match(/\b[a-z][a-z0-9_]+/g) ?? []).some((name) => METRICS.has(name));
}
