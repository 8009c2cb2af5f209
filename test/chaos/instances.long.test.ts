import assert from 'node:assert/strict';
import { after } from 'node:test';
import { startedOnce } from '../brokers/started.ts';
import { busNamed } from '../brokers/all.ts';
import { serverTest } from '../harness/server-test.ts';
import { seedOfRun } from '../kill/random.ts';
import { outcomeText, runInstances } from './instances-run.ts';

const servers = new AsyncDisposableStack();
after(() => servers.disposeAsync());
const started = startedOnce(servers);

/** By class: for how long, and what is promised. */
const LAWS = [
  ['command', 60_000, 'nothing is lost, and no older message of a key follows a newer one'],
  ['telemetry', 40_000, 'the newest of each key arrives, and no older message of a key follows a newer one'],
  ['audit', 40_000, 'nothing is lost, first deliveries keep their order, and repetitions are marked'],
] as const;

for (const [trafficClass, lastsMs, promise] of LAWS) {
  serverTest(
    `three instances of a Kafka source, class ${trafficClass}, one of which is killed every 5 s for ${lastsMs / 1000} s: ${promise}`,
    { needs: ['kafka-process', 'nats-process'], timeoutMs: 400_000 },
    async (t) => {
      const seed = seedOfRun();
      t.diagnostic(`SLUICE_SEED=${seed}`);
      const told: string[] = [];
      const outcome = await runInstances({
        source: await started(busNamed('kafka')),
        sink: await started(busNamed('nats')),
        trafficClass,
        lastsMs,
        seed,
        tell: (text) => void told.push(text),
      });
      t.diagnostic(outcomeText(outcome));
      const { report, bridgeLog } = outcome;
      assert.ok(report.sent > 1000, 'too little was sent: it proves nothing');
      assert.ok(report.ok, [JSON.stringify(report.verdicts, undefined, 1), ...told, bridgeLog].join('\n'));
    },
  );
}
