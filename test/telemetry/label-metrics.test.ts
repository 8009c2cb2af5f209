import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECRET, startGuard, TRACK } from '../guards/guard-fixture.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { ASSUMING_FILE } from '../labels/demo-policy.ts';
import { parseMetrics } from './prometheus.ts';

const ADMIN = { host: '127.0.0.1', port: 0 };

test('a guard counts what it released and refused, by the step that refused, and each record of its audit file', async () => {
  await using guard = await startGuard({}, { run: { admin: ADMIN } });
  await guard.publish(TRACK);
  await guard.publish({ ...TRACK, lat: 'secret' });
  await guard.run.rest(2);
  const metrics = await parseMetrics(`${guard.run.pipeline.adminUrl}/metrics`);
  const decisions = (outcome: string): number =>
    metrics.value('sluice_guard_decisions_total', {
      sluice_pipeline_name: 'p',
      sluice_guard_name: 'g',
      sluice_guard_outcome: outcome,
    });
  assert.deepEqual([decisions('release'), decisions('reject')], [1, 1]);
  assert.equal(metrics.value('sluice_guard_duration_count', { sluice_guard_name: 'g' }), 2);
  // The start is a record too.
  assert.equal(metrics.value('sluice_audit_records_total', { sluice_guard_name: 'g' }), 3);
  assert.equal(metrics.value('sluice_audit_failures_total', { sluice_guard_name: 'g' }), 0);
});

test('labels are counted where a function raises one, where one is refused, and where a sink may not hold one', async () => {
  await using run = await startMemoryRun({
    file: { labels: 'ops' },
    files: {
      'schemas/ops.policy.json': ASSUMING_FILE,
      'functions/f.ts':
        'export default (body, context) => { if (body.raise) context.raise(body.raise); return body; };',
    },
    stages: [{ function: 'f' }],
    hub: { ceiling: 'S;REL=GBR,USA' },
    run: { admin: ADMIN },
  });
  const labelled = { headers: new Map([['seclabel', [SECRET]]]) };
  await run.publish('a', '{"raise":"TS"}', labelled);
  await run.publish('a', '{"raise":"S;REL=*"}', labelled);
  await run.publish('a', '{}', { headers: new Map([['seclabel', ['SECRET']]]) });
  const { labelsRaised } = await run.rest(3);
  const metrics = await parseMetrics(`${run.pipeline.adminUrl}/metrics`);
  assert.equal(metrics.value('sluice_sink_label_denied_total'), 1);
  assert.equal(metrics.value('sluice_label_errors_total', { sluice_label_error: 'LABEL_VERSION' }), 1);
  assert.equal(metrics.value('sluice_label_raised_total', { sluice_label_from: 'S', sluice_label_to: 'TS' }), 1);
  // The label of the second one was as high already.
  assert.equal(labelsRaised.size, 1);
});
