import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { natsWords } from '../harness/nats-client.ts';
import { newProject, type Project } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { sharedNats } from '../harness/shared.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { managed, storedIn } from '../harness/stream-manager.ts';
import { whenTestEnds } from '../harness/test-scope.ts';
import { waitFor } from '../harness/wait-for.ts';
import { jetstreamLog } from './logs.ts';

const COUNT = 30;
const RANGE = ['--from', '1h', '--to', '0s'];

interface Report {
  readonly ok: boolean;
  readonly folder: string;
  readonly isFinished: boolean;
  readonly isResumed: boolean;
  readonly from: string;
  readonly to: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly why?: string;
  readonly resume?: string;
  readonly deadLetters?: string;
}

/** The exit code and the object of a replay. */
async function replayed(project: Project, ...more: readonly string[]): Promise<readonly [number | string, Report]> {
  await using sluice = startSluice(['replay', 'pipelines/p.yaml', '--json', ...more], { cwd: project.folder });
  const code = await sluice.ended();
  return [code, JSON.parse(sluice.stdout() || `{"stderr":${JSON.stringify(sluice.stderr())}}`) as Report];
}

serverTest(
  'a replay sends no expired command unless told to, keeps its dead letters apart, counts what the sink removed, and goes on after Ctrl-C',
  { needs: ['nats'] },
  async () => {
    await using log = await jetstreamLog();
    const { url } = await sharedNats();
    const { connection, manager } = await managed(url);
    whenTestEnds(() => void connection.close());
    await manager.streams.add({ name: 'OUT', subjects: ['out.*'] });
    using project = newProject({
      'functions/f.ts':
        "import { reject } from 'sluice';\nexport default (body) => (body.n === 7 ? reject('seven') : body);\n",
      'pipelines/p.yaml': {
        name: 'p',
        buses: { field: log.bus, core: { bus: 'jetstream', ...natsWords(url) } },
        routes: [
          {
            name: 'r',
            class: 'command',
            from: { bus: 'field', ...log.from, expires: '1ms' },
            stages: [{ function: 'f' }],
            to: { bus: 'core', stream: 'OUT', subject: 'out.{key}' },
          },
        ],
      },
    });
    await log.write(Array.from({ length: COUNT }, (_, n) => ({ key: `k${n % 3}`, body: JSON.stringify({ n }) })));
    // The range ends before now.
    const writtenMs = Date.now();
    await waitFor(() => Date.now() > writtenMs + 10, 1000, 'the end of the range');

    const [code, report] = await replayed(project, ...RANGE);
    // Function and schema come before the sink: what they refuse is no expired message.
    const { expired, delivered, deadLettered } = report.counts;
    assert.deepEqual([code, expired, delivered, deadLettered], [2, COUNT - 1, 0, 1]);
    const stored = async (): Promise<number> => (await manager.streams.info('OUT')).state.messages;
    assert.equal(await stored(), 0);

    const moments = ['--from', report.from, '--to', report.to, '--renew-expiry', '5m'];
    await using slow = startSluice(['replay', 'pipelines/p.yaml', '--json', ...moments, '--rate', '20/s'], {
      cwd: project.folder,
    });
    await waitFor(async () => (await stored()) > 3, 20_000, 'the first messages');
    slow.signal('SIGINT');
    assert.equal(await slow.ended(), 3, slow.tail());
    const stopped = JSON.parse(slow.stdout()) as Report;
    assert.equal(stopped.isFinished, false);
    assert.match(stopped.resume ?? '', /replay pipelines\/p.yaml --route r --from \S+Z --to \S+Z .*--renew-expiry 5m$/);

    const [rest, resumed] = await replayed(project, ...moments);
    assert.deepEqual([rest, resumed.isResumed, resumed.isFinished], [2, true, true]);
    const bodies = (await storedIn(manager, 'OUT')).map((message) => (JSON.parse(message.string()) as { n: number }).n);
    const all = Array.from({ length: COUNT }, (_, n) => n).filter((n) => n !== 7);
    assert.deepEqual(
      bodies.toSorted((a, b) => a - b),
      all,
    );
    const read = (stopped.counts['read'] ?? 0) + (resumed.counts['read'] ?? 0) - (stopped.counts['held'] ?? 0);
    assert.equal(read, COUNT);

    // The letter lies where the command of the report looks.
    const [, listed = ''] = / (dlq list .*)$/.exec(stopped.deadLetters ?? resumed.deadLetters ?? '') ?? [];
    await using dlq = startSluice([...listed.split(' '), '--json'], { cwd: project.folder });
    assert.equal(await dlq.ended(), 0, dlq.tail());
    assert.equal((JSON.parse(dlq.stdout()) as { total: number }).total, 1);

    // The same range once more: the sink still knows every id.
    const [twice, again] = await replayed(project, ...moments);
    assert.deepEqual(
      [twice, again.counts['delivered'], again.counts['alreadyHeld'], again.why],
      [2, COUNT - 1, COUNT - 1, undefined],
    );
    assert.equal(readdirSync(project.path('.sluice/p/replay')).length, 3);
    assert.deepEqual(await log.readers(), []);

    // Retention has taken the oldest.
    await log.cut(5);
    await using dry = startSluice(['replay', 'pipelines/p.yaml', ...RANGE, '--dry-run', '--json'], {
      cwd: project.folder,
    });
    assert.equal(await dry.ended(), 0, dry.tail());
    assert.deepEqual((JSON.parse(dry.stdout()) as { range: object }).range, { messages: COUNT - 5, gone: 5 });
  },
);
