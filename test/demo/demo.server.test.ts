import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../harness/free-ports.ts';
import { serverTest } from '../harness/server-test.ts';
import { startJaeger } from '../harness/jaeger.ts';
import { startNats } from '../harness/nats.ts';
import { patient } from '../harness/patience.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { waitFor } from '../harness/wait-for.ts';
import { readLetters } from '../host/memory-run.ts';
import { MAIN, type SluiceProcess, startNode, startSluice } from '../harness/sluice-process.ts';
import { openTerminal } from '../host/terminal.ts';

/** Judges how a demo ended, from what it printed. */
function judge(demo: SluiceProcess, folder: string): void {
  const said = demo.stdout();
  assert.match(said, /It balances: nothing was lost\./, said);
  const [, reported, tracks] = /sent (\d+) reports; the core saw (\d+) tracks/.exec(said) ?? [];
  assert.ok(Number(reported) > 50 && Number(tracks) > 50, said);
  const [, accepted, delivered, blocked, letters] =
    /^positions: (\d+) accepted = (\d+) delivered \+ \d+ superseded \+ \d+ expired \+ (\d+) blocked \+ (\d+) dead letters \+ 0 held$/m.exec(
      said,
    ) ?? [];
  assert.equal(accepted, reported);
  assert.equal(delivered, tracks);
  assert.ok(Number(letters) > 0, 'one vehicle sends rubbish');
  assert.match(said, /^ {2}\d+ x (DECODE_FAILED|SCHEMA_INVALID): expected /m);
  assert.equal(blocked, '1', 'one report comes from the depot');
  assert.match(said, /^ {2}1 x LABEL_DENIED: expected a label that core may hold, at most U, found R$/m);
  assert.equal(readLetters(`${folder}/.sluice/demo`).length, Number(letters) + 1);
}

test('the demo translates within 10 s, ends by itself, and balances', async () => {
  using folder = temporaryFolder('demo');
  const startMs = performance.now();
  await using demo = startSluice(['demo', '--for', '4s'], { cwd: folder.path });
  await waitFor(() => demo.stdout().includes('first track: 1;p=urn:demo:fleet;c=U  {'), 10_000, 'the first track');
  const firstMs = performance.now() - startMs;
  const [, page = ''] = /^[^\n]*\nThe operator's page: (http:\/\/127\.0\.0\.1:\d+\/)\n/.exec(demo.stdout()) ?? [];
  assert.match(
    await (await fetch(page)).text(),
    /<h1>fleet-labels<\/h1>/,
    'the second line is the address of the page',
  );
  assert.equal(await demo.ended(), 0, demo.stderr());
  judge(demo, folder.path);
  assert.ok(firstMs < patient(10_000), `${firstMs} ms`);
  assert.match(demo.stdout(), /^positions: accepted \d+, delivered \d+, .* blocked 1, .* \| orders: accepted \d+/m);
  const typed = demo.stdout().match(/^ {2}node .*$/gm) ?? [];
  assert.deepEqual(
    typed.map((line) => /main\.ts (dlq list|dlq show|explain) /.exec(line)?.[1]),
    ['dlq list', 'dlq show', 'explain'],
  );
  for (const line of typed) {
    const [, ...words] = line.trim().split(' ');
    await using next = startNode(words, { cwd: folder.path });
    assert.equal(await next.ended(), 0, `${line}\n${next.stderr()}`);
    assert.match(next.stdout(), /SCHEMA_INVALID|DECODE_FAILED|positions/, line);
  }
});

serverTest(
  'with NATS_URL the core is that server; SIGINT drains and balances, and a second demo finds a clean table',
  {
    needs: ['nats-process'],
  },
  async () => {
    // The demo's own desk takes no identity from the URL.
    await using core = await startNats();
    using folder = temporaryFolder('demo');
    for (const _ of [1, 2]) {
      await using demo = startSluice(['demo'], { cwd: folder.path, env: { NATS_URL: core.url } });
      await waitFor(() => /positions: accepted \d{2,}/.test(demo.stdout()), 10_000, 'some reports');
      await waitFor(() => /orders: accepted [1-9]/.test(demo.stdout()), 10_000, 'some orders');
      demo.signal('SIGINT');
      assert.equal(await demo.ended(), 0, demo.stdout() + demo.stderr());
      assert.match(demo.stdout(), /It balances: nothing was lost\./);
      assert.match(demo.stdout(), /first track: 1;p=urn:demo:fleet;c=U {2}\{/);
    }
  },
);

test('a demo whose core is not there says so and ends with 3; a duration without a unit is refused with 2', async () => {
  using folder = temporaryFolder('demo');
  const [nowhere = 0] = await freePorts(1);
  await using demo = startSluice(['demo', '--for', '4s'], {
    cwd: folder.path,
    env: { NATS_URL: `nats://127.0.0.1:${nowhere}` },
  });
  assert.equal(await demo.ended(10_000), 3, demo.stderr());
  assert.match(demo.stderr(), /BUS_UNREACHABLE/);
  await using wrong = startSluice(['demo', '--for', '4'], { cwd: folder.path });
  assert.equal(await wrong.ended(), 2);
});

test('in a terminal the board is drawn again in place', async (t) => {
  using folder = temporaryFolder('demo');
  await using terminal = openTerminal(t, [MAIN, 'demo', '--for', '3s'], folder.path);
  if (terminal === undefined) return;
  assert.equal(await terminal.ended(20_000), 0, terminal.shown());
  // Cursor up over the whole board, then everything below is cleared.
  const redraws = terminal.shown().split(/\u001B\[\d+A\u001B\[0J/).length - 1;
  assert.ok(redraws >= 4, `${redraws} redraws`);
  assert.match(terminal.shown(), /newest track: 1;p=urn:demo:fleet;c=U {2}\{/);
  assert.match(terminal.shown(), /It balances: nothing was lost\./);
});

serverTest(
  'beside a Jaeger the demo sends its traces there and prints the link to the newest one',
  { needs: ['jaeger'] },
  async () => {
    await using jaeger = await startJaeger();
    using folder = temporaryFolder('demo');
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.url, SLUICE_TRACE_URL: jaeger.queryUrl };
    await using demo = startSluice(['demo', '--for', '2s'], { cwd: folder.path, env });
    assert.equal(await demo.ended(), 0, demo.stderr());
    const [, url, traceId = ''] = /^The newest trace: (\S+)\/trace\/([0-9a-f]{32})$/m.exec(demo.stdout()) ?? [];
    assert.equal(url, jaeger.queryUrl, demo.stdout());
    const spans = await jaeger.query.traceWhen(traceId);
    assert.ok(spans.every(({ service }) => service === 'fleet-labels'));
    assert.ok(spans.some(({ name }) => name.startsWith('process ')));
  },
);
