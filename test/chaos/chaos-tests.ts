import assert from 'node:assert/strict';
import { after } from 'node:test';
import { startedOnce } from '../brokers/started.ts';
import { serverTest } from '../harness/server-test.ts';
import { seedOfRun } from '../kill/random.ts';
import { runChaos } from './chaos-run.ts';
import { classesNamed, SPOOL } from './classes.ts';
import { pairsOf } from './pairs.ts';
import { rowsOf, tableText } from './table.ts';

const LASTS_MS = 12_000;

/** A short run for each pair of one source, with every class there is. */
export function chaosTests(bus: string): void {
  declare((source) => source === bus, 'every class keeps its word', {});
}

/** The same for a few pairs with a spool before the stages. */
export function spoolTests(pairs: readonly string[]): void {
  declare((source, sink) => pairs.includes(`${source}:${sink}`), 'every class keeps its word with a spool too', SPOOL);
}

function declare(isWanted: (source: string, sink: string) => boolean, word: string, route: object): void {
  const servers = new AsyncDisposableStack();
  after(() => servers.disposeAsync());
  const started = startedOnce(servers);
  const seed = seedOfRun();
  const classes = classesNamed('all');
  for (const [source, sink] of pairsOf('all')) {
    if (!isWanted(source.name, sink.name)) continue;
    serverTest(
      `from ${source.name} to ${sink.name}, while bridge, servers and links are killed, paused and cut, ${word}`,
      { needs: [...new Set([source.endpoints.needs.start, sink.endpoints.needs.start])] },
      async (t) => {
        const again = `npm run chaos -- --pair ${source.name}:${sink.name} --seconds ${LASTS_MS / 1000} --seed ${seed}${route === SPOOL ? ' --spool' : ''}`;
        t.diagnostic(again);
        const told: string[] = [];
        const outcome = await runChaos({
          source: await started(source),
          sink: await started(sink),
          classes,
          route: { ...route },
          lastsMs: LASTS_MS,
          seed,
          tell: (text) => void told.push(text),
        });
        const rows = rowsOf(source.name, sink.name, outcome);
        const { complaints, bridgeLog } = outcome;
        const evidence = [
          again,
          tableText(rows),
          ...rows.map(({ report }) => JSON.stringify(report.verdicts)),
          ...told,
        ];
        for (const { report } of rows) {
          assert.ok(report.sent > 0, 'nothing was sent: it proves nothing');
          assert.ok(report.ok, [...evidence, bridgeLog].join('\n'));
        }
        assert.deepEqual(complaints, [], evidence.join('\n'));
      },
    );
  }
}
