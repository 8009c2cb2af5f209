import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { startMosquitto } from '../../harness/mosquitto.ts';
import { newProject } from '../../harness/project.ts';
import { serverTest } from '../../harness/server-test.ts';
import { startSluice } from '../../harness/sluice-process.ts';
import { waitFor } from '../../harness/wait-for.ts';

const SWAPS = 3;

const stamping = (version: number): string =>
  `export default ({ n }: { n: number }) => ({ n, version: ${version} });\n`;

serverTest(
  'swaps between real brokers under load lose nothing, repeat nothing, reorder nothing and drop no connection',
  { needs: ['mosquitto'] },
  async () => {
    await using near = await startMosquitto();
    await using far = await startMosquitto();
    using project = newProject({
      'functions/stamp.ts': stamping(0),
      'pipelines/p.yaml': {
        name: 'p',
        buses: { near: { bus: 'mqtt', url: near.url }, far: { bus: 'mqtt', url: far.url } },
        routes: [
          {
            name: 'r',
            class: 'event',
            from: { bus: 'near', topics: ['in'] },
            stages: [{ function: 'stamp' }],
            to: { bus: 'far', topic: 'out' },
          },
        ],
      },
    });
    const [publisher, reader] = await Promise.all([connectAsync(near.url), connectAsync(far.url)]);
    const arrived: { readonly n: number; readonly version: number }[] = [];
    reader.on('message', (_, body) => arrived.push(JSON.parse(String(body)) as (typeof arrived)[number]));
    await reader.subscribeAsync('out', { qos: 1 });
    await using dev = startSluice(['dev'], { cwd: project.folder });
    await dev.said('ready');
    let sent = 0;
    const done = new AbortController();
    const sending = (async (): Promise<void> => {
      while (!done.signal.aborted) {
        await publisher.publishAsync('in', JSON.stringify({ n: sent }), { qos: 1 });
        sent += 1;
        await sleep(2);
      }
    })();
    try {
      for (let version = 1; version <= SWAPS; version += 1) {
        project.write('functions/stamp.ts', stamping(version));
        await waitFor(() => arrived.at(-1)?.version === version, 60_000, `a message of version ${version}`);
      }
    } finally {
      done.abort();
      await sending;
    }
    await waitFor(() => arrived.length >= sent, 30_000, 'what was sent');
    dev.signal('SIGINT');
    assert.equal(await dev.ended(), 0);
    await Promise.all([publisher.endAsync(), reader.endAsync()]);
    assert.deepEqual(
      arrived.map(({ n }) => n),
      Array.from({ length: sent }, (_, n) => n),
    );
    const versions = arrived.map(({ version }) => version);
    assert.deepEqual(
      versions,
      versions.toSorted((one, other) => one - other),
    );
    assert.deepEqual(
      dev
        .lines()
        .flatMap(({ event, end }) => (/connect/.test(event) ? [`${event} ${String(end)}`] : []))
        .toSorted(),
      ['connected sink', 'connected source'],
    );
  },
);
