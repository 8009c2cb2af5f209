import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverTest } from '../harness/server-test.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { fixture, SERVERS } from '../host/fixture.ts';
import { readLetters } from '../host/memory-run.ts';
import { startNode, startSluice } from '../harness/sluice-process.ts';

const SOURCE = `
import { emit } from 'sluice';
import { threadId } from 'node:worker_threads';
export default ({ n }) => {
  if (n === 1) throw new RangeError('an unlucky number');
  if (n === 2) for (;;);
  return emit({ n, isApart: threadId !== 0 });
};
`;

/** A bundle of a pipeline with this one stage, alone in a folder, and the buses it runs between. */
async function bundled(stage: object) {
  const { project, stream, publisher, ...at } = await fixture({
    source: SOURCE,
    route: { stages: [{ function: 'f', timeout: '500ms', ...stage }], retry: { attempts: 2, backoff: '1ms..2ms' } },
  });
  await using build = startSluice(['build', 'pipelines/bridge.yaml', '--out', 'out'], { cwd: project.folder });
  assert.equal(await build.ended(), 0, build.stderr());
  const folder = temporaryFolder('deployed');
  for (const file of ['bridge.mjs', 'bridge.mjs.map'])
    copyFileSync(project.path(`out/${file}`), join(folder.path, file));
  return {
    folder,
    stream,
    publisher,
    start: () => startNode(['bridge.mjs'], { cwd: folder.path }),
    letters: () => readLetters(join(folder.path, '.sluice/bridge')),
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

serverTest(
  'a bundle runs a function apart: what loops or throws there is a dead letter with its line',
  SERVERS,
  async () => {
    await using scene = await bundled({ isolate: 'worker', workers: 1 });
    await using bundle = scene.start();
    await bundle.said('ready');
    for (const n of [1, 2, 3]) await scene.publisher.publish('in/a', JSON.stringify({ n }));
    const [stored] = await scene.stream.read(1);
    assert.deepEqual(JSON.parse(Buffer.from(stored?.body ?? []).toString()), { n: 3, isApart: true });
    await bundle.said('dead-letter', 2);
    bundle.signal('SIGTERM');
    assert.equal(await bundle.ended(), 0);
    assert.deepEqual(
      scene.letters().map(({ code, position }) => [code, position]),
      [
        ['TRANSFORM_THREW', 'functions/f.ts:5:22'],
        ['TRANSFORM_TIMEOUT', null],
      ],
    );
  },
);

serverTest(
  'a bundle whose event loop is stuck is ended, and the message is not run a fourth time',
  SERVERS,
  async () => {
    await using scene = await bundled({});
    const first = scene.start();
    await first.said('ready');
    for (const n of [2, 3]) await scene.publisher.publish(`in/${n}`, JSON.stringify({ n }));
    const ends: unknown[] = [];
    for (let bundle = first; ; bundle = scene.start()) {
      const outcome = await bundle.said('dead-letter').then(
        () => 'said',
        () => bundle.ended(),
      );
      if (outcome === 'said') {
        bundle.signal('SIGTERM');
        assert.equal(await bundle.ended(), 0);
        break;
      }
      ends.push(outcome);
      assert.match(bundle.stderr(), /"event":"stuck".*"stage":"function f"/);
      assert.ok(ends.length <= 3, bundle.stderr());
    }
    const [stored] = await scene.stream.read(1);
    assert.deepEqual(JSON.parse(Buffer.from(stored?.body ?? []).toString()), { n: 3, isApart: false });
    assert.deepEqual(
      scene.letters().map(({ code }) => code),
      ['PROCESS_ENDED'],
    );
    assert.equal(ends.length, 3);
  },
);
