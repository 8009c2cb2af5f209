import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { startBridge } from '../harness/bridge.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { newProject } from '../harness/project.ts';
import { startPrometheus } from '../harness/prometheus.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { dashboard } from './dashboard-page.ts';

/** The rules as they are, in seconds instead of minutes. */
function hurried(): string {
  const text = readFileSync('docs/operations/alerts.yaml', 'utf8');
  return text
    .replaceAll(/^( +for:) \d+m$/gm, '$1 1s')
    .replaceAll(/\[\d+m\]/g, '[4s]')
    .replaceAll(/offset \d+m/g, 'offset 4s');
}

serverTest(
  'the alerts of a sink that is killed fire and resolve once it is back, no other one fires, and every rule and panel can be evaluated',
  { needs: ['mosquitto', 'prometheus'] },
  async () => {
    await using near = await startMosquitto();
    await using far = await startMosquitto();
    using project = newProject({
      'pipelines/p.yaml': {
        name: 'p',
        buses: { near: { bus: 'mqtt', url: near.url }, far: { bus: 'mqtt', url: far.url } },
        routes: [
          { name: 'r', from: { bus: 'near', topics: ['in/#'], qos: 1 }, to: { bus: 'far', topic: 'out/x', qos: 1 } },
        ],
      },
    });
    const bridge = startBridge(project.folder, project.path('pipelines/p.yaml'));
    await bridge.ready();
    const { url } = await bridge.said('admin');
    await using prometheus = await startPrometheus({
      targets: [{ job: 'sluice', url: `${String(url)}/metrics` }],
      rules: hurried(),
    });
    const { query } = prometheus;
    const publisher = await connectAsync(near.url);
    try {
      await query.valueWhen('sluice_sink_connected', ([sample]) => sample?.value === 1);
      await publisher.publishAsync('in/a', '1', { qos: 1 });
      await query.valueWhen('sluice_pipeline_messages_total{sluice_outcome="delivered"}', ([one]) => one?.value === 1);
      // One may be pending: a scrape can fall between the receipt of a message and its end.
      const firing = async () => (await query.alerts()).filter(({ state }) => state === 'firing');
      assert.deepEqual(await firing(), []);
      await far.kill();
      for (let n = 0; n < 3; n += 1) await publisher.publishAsync('in/a', '2', { qos: 1 });
      await query.alertWhen('SluiceSinkDisconnected', 'firing');
      await query.alertWhen('SluiceNoProgress', 'firing');
      const [{ labels, annotations } = assert.fail('no alert')] = (await query.alerts()).filter(
        ({ labels: { alertname } }) => alertname === 'SluiceSinkDisconnected',
      );
      assert.equal(labels['severity'], 'page');
      assert.equal(annotations['summary'], 'route r is not connected to its sink far');
      const others = (await firing()).map(({ labels: { alertname = '' } }) => alertname);
      const expected = ['SluiceSinkDisconnected', 'SluiceNoProgress', 'SluiceLatencyHigh'];
      assert.deepEqual(
        others.filter((name) => !expected.includes(name)),
        [],
      );
      await far.restart();
      await waitFor(async () => (await bridge.metric('sluice_pipeline_held')) === 0, 30_000, 'all to be sent');
      await query.alertWhen('SluiceSinkDisconnected', 'inactive');
      await query.alertWhen('SluiceNoProgress', 'inactive');
      for (const { name, health, lastError } of await query.rules())
        assert.equal(health, 'ok', `${name}: ${lastError}`);
      for (const expression of panelExpressions()) await query.value(expression);
      await bridge.kill();
      await query.alertWhen('SluiceDown', 'firing');
    } finally {
      await publisher.endAsync(true);
    }
  },
);

function panelExpressions(): readonly string[] {
  const { panels } = dashboard() as { panels: { targets?: { expr: string }[] }[] };
  return panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map((expr) => expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:pipeline|route)/g, '.*'));
}
