import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startPrometheus } from './prometheus.ts';
import { serverTest } from './server-test.ts';
import { whenTestEnds } from './test-scope.ts';

const RULES = `
groups:
  - name: laws
    rules:
      - record: twice
        expr: 2 * heat
      - alert: TooHot
        expr: twice{job="oven"} > 100
        for: 200ms
        labels: { severity: page }
        annotations: { summary: '{{ $value }} is too hot' }
`;

/** Something to scrape, whose heat the test sets. */
async function startOven(): Promise<{ readonly url: string; heat: number }> {
  const oven = { url: '', heat: 20 };
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`heat{room="a"} ${oven.heat}\n`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  whenTestEnds(() => {
    server.closeAllConnections();
    server.close();
  });
  oven.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  return oven;
}

serverTest(
  'a Prometheus fires an alert while what it scrapes is wrong and resolves it after; a target that is gone is down',
  { needs: ['prometheus'] },
  async () => {
    const oven = await startOven();
    const targets = [
      { job: 'oven', url: oven.url },
      { job: 'gone', url: 'http://127.0.0.1:1/metrics', labels: { site: 'north' } },
    ];
    await using prometheus = await startPrometheus({ targets, rules: RULES });
    const { query } = prometheus;
    const [twice] = await query.valueWhen('twice', ([sample]) => sample?.value === 40);
    assert.equal(twice?.labels['room'], 'a');
    assert.deepEqual(await query.alerts(), []);
    oven.heat = 70;
    await query.alertWhen('TooHot', 'firing');
    const [alert] = await query.alerts();
    assert.equal(alert?.labels['severity'], 'page');
    assert.equal(alert?.annotations['summary'], '140 is too hot');
    oven.heat = 20;
    await query.alertWhen('TooHot', 'inactive');
    assert.deepEqual(
      (await query.rules()).map(({ name, health, state }) => [name, health, state]),
      [
        ['twice', 'ok', undefined],
        ['TooHot', 'ok', 'inactive'],
      ],
    );
    const scraped = new Map((await query.targets()).map((target) => [target.labels['job'], target]));
    assert.deepEqual([scraped.get('oven')?.health, scraped.get('oven')?.scrapeUrl], ['up', oven.url]);
    assert.deepEqual([scraped.get('gone')?.health, scraped.get('gone')?.labels['site']], ['down', 'north']);
    assert.match(scraped.get('gone')?.lastError ?? '', /refused/);
    assert.ok((await query.metricNames()).includes('heat'));
    await assert.rejects(query.value('heat{'), /bad_data/);
  },
);

serverTest('a Prometheus does not start on a rule that it cannot read, and says why', { needs: ['prometheus'] }, () =>
  assert.rejects(
    startPrometheus({ targets: [], rules: 'groups: [{ name: a, rules: [{ alert: B, expr: "1 +" }] }]' }),
    /could not parse expression/,
  ),
);
