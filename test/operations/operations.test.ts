import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ERRORS } from '#contract/errors.ts';
import { LOSSES, NOTICES } from '#contract/event-codes.ts';
import { dashboard, PAGE as DASHBOARD } from './dashboard-page.ts';
import { asksForMetric, unknownNames } from './metric-names.ts';
import { PAGE as RUNBOOK, runbookPage } from './runbook-page.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const ALERTS = (
  parse(readFileSync('docs/operations/alerts.yaml', 'utf8')) as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules);

test('a name that the bridge does not export is found, in whatever expression', () => {
  assert.deepEqual(unknownNames('rate(sluice_nothing_total{sluice_route_name="sluice_x"}[5m]) > 1'), [
    'sluice_nothing_total',
  ]);
  assert.deepEqual(unknownNames('sluice_pipeline_latency > 1'), ['sluice_pipeline_latency']);
  assert.deepEqual(unknownNames('rate(sluice_pipeline_latency_bucket[5m]) by (sluice_nobody)'), ['sluice_nobody']);
  assert.deepEqual(unknownNames('sum by (le, sluice_route_name) (rate(sluice_pipeline_latency_bucket[5m]))'), []);
});

test('every alert asks for metrics that there are, and has its entry in the runbook', () => {
  const runbook = readFileSync(RUNBOOK, 'utf8');
  for (const { alert, expr, annotations } of ALERTS) {
    assert.deepEqual(unknownNames(`${expr} ${annotations.summary}`), [], alert);
    assert.ok(asksForMetric(expr) || expr === 'up{job="sluice"} == 0', alert);
    assert.equal(annotations.runbook_url, `docs/operations/runbook.md#${alert.toLowerCase()}`);
    assert.match(runbook, new RegExp(`^### ${alert}\n\n- Means: .+\n- Look at: .+\n- Do: .+\n`, 'm'), alert);
  }
  const entries = [...runbook.matchAll(/^### (Sluice\w+)$/gm)].map(([, name = '']) => name);
  assert.deepEqual(entries.toSorted(), ALERTS.map(({ alert }) => alert).toSorted());
});

test('the runbook names metrics that there are, has an entry for every code, and its part of codes is up to date', () => {
  const runbook = readFileSync(RUNBOOK, 'utf8');
  assert.equal(runbook, runbookPage(runbook), 'run node test/operations/runbook-page.ts');
  for (const code of Object.keys({ ...ERRORS, ...LOSSES, ...NOTICES }))
    assert.match(runbook, new RegExp(`^#### ${code}$`, 'm'));
  for (const [, text = ''] of runbook.matchAll(/`([^`\n]+)`/g)) {
    // In words a histogram has no ending, and `_time` may be one of a label.
    assert.deepEqual(
      unknownNames(text).filter((name) => unknownNames(`${name}_bucket`).length > 0),
      [],
      text,
    );
  }
});

test('every panel of the dashboard asks for metrics that there are', () => {
  const model = dashboard() as Dashboard;
  assert.deepEqual(JSON.parse(readFileSync(DASHBOARD, 'utf8')), model, 'run node test/operations/dashboard-page.ts');
  const { panels } = model;
  for (const { title, targets = [] } of panels) {
    for (const { expr, legendFormat } of targets) {
      assert.deepEqual(unknownNames(`${expr} ${legendFormat}`), [], title);
      assert.ok(asksForMetric(expr), title);
    }
  }
  assert.ok(panels.length > 20);
});
