import assert from 'node:assert/strict';
import { commandsOf } from '../docs/blocks.ts';
import { freePorts } from '../harness/free-ports.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { serverTest } from '../harness/server-test.ts';
import { type ProcessOptions, type SluiceProcess, startSluice } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const UNREACHABLE = 3;
const ARRIVES_MS = 30_000;
const WORD = /'([^']*)'|(\S+)/g;

/** The words of a command as a shell gives them. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(WORD)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

async function endedWell(process: SluiceProcess): Promise<string> {
  assert.equal(await process.ended(ARRIVES_MS), 0, process.stdout() + process.stderr());
  return process.stdout();
}

serverTest(
  'what the page says to type sends the first message through a running pipeline, and shows what becomes of it',
  { needs: ['mosquitto'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await startMosquitto();
    using folder = temporaryFolder('send-tail');
    const exported = new Map<string, string>();
    const typed = commandsOf('docs/send-and-tail.md').flatMap((line) => {
      const [first = '', ...words] = wordsOf(line);
      if (first === 'export') for (const word of words) exported.set(...(word.split('=') as [string, string]));
      return first === 'sluice' ? [words.map((word) => moved(word, field.url, core.url))] : [];
    });
    const env = { FIELD_URL: field.url, CORE_URL: core.url, ...Object.fromEntries(exported) };
    const start = (args: readonly string[]): SluiceProcess => startSluice(args, { env } satisfies ProcessOptions);
    const [tailTracks = [], sendReport = [], sendOrder = [], sendByUrl = [], tailByUrl = [], ...others] = typed;
    assert.deepEqual([sendByUrl[0], tailByUrl[0], others], ['send', 'tail', []]);

    await using pipeline = start(['run', 'pipelines/fleet.yaml', '--state', folder.path]);
    await pipeline.said('ready');
    await using tracks = start(tailTracks);
    await using orders = start(['tail', 'pipelines/fleet.yaml', '--route', 'orders', '--json']);
    await tracks.until(() => tracks.stderr().includes('watching'), 'the watcher of tracks');
    assert.match(await endedWell(start(sendReport)), /1 sent .* over field, 1 confirmed/);
    assert.match(await endedWell(tracks), /tracks\/v1 .*\n {2}\{"id":"v1","kind":"vehicle",.*\}\n$/);

    await orders.until(() => orders.stderr().includes('watching'), 'the watcher of orders');
    await endedWell(start(sendOrder));
    await orders.until(() => orders.stdout().includes('\n'), 'the order');
    const order = JSON.parse(orders.stdout()) as Readonly<Record<string, unknown>>;
    assert.deepEqual([order['address'], order['label']], ['fleet/v1/orders', 'S;REL=FVEY']);
    // Ctrl-C.
    orders.signal('SIGINT');
    await endedWell(orders);
    assert.match(orders.stderr(), /1 of 1 messages shown/);

    await endedWell(start(sendByUrl));
    await endedWell(start(tailByUrl));
  },
);

/** A word of the page, at a server of the test. */
function moved(word: string, field: string, core: string): string {
  return word.replace('mqtt://127.0.0.1:1883', field).replace('mqtt://127.0.0.1:1884', core);
}

serverTest('a bus that nobody serves is reported at once, with exit code 3', { needs: [] }, async () => {
  const url = `mqtt://127.0.0.1:${(await freePorts(1)).join()}/a`;
  await using sending = startSluice(['send', url, '1', '--json']);
  assert.equal(await sending.ended(ARRIVES_MS), UNREACHABLE, sending.stderr());
  const said = JSON.parse(sending.stdout()) as { readonly ok: boolean; readonly error: { readonly code: string } };
  assert.deepEqual([said.ok, said.error.code], [false, 'BUS_UNREACHABLE']);
});
