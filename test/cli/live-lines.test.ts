import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouteLines } from '../../runtime/cli/route-lines.ts';
import { newCounters } from '../../runtime/engine/counters.ts';
import type { RouteNumbers } from '../../runtime/telemetry/route-numbers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { memoryProject } from '../harness/project.ts';
import { MAIN } from '../harness/sluice-process.ts';
import { linesShown, openTerminal } from '../host/terminal.ts';

function numbers(route: string, some: Partial<RouteNumbers>): RouteNumbers {
  const none = { lost: 0, renewed: 0 };
  return {
    pipeline: 'p',
    route,
    ...newCounters(),
    window: {
      messages: 0,
      messageLimit: 64,
      mostMessages: 64,
      bytes: 0,
      byteLimit: 1,
      oldestAgeMs: undefined,
      isPaused: false,
      pauses: 0,
      pausedMs: 0,
    },
    sinks: [],
    disconnects: { source: none, sink: none, 'dead-letters': none },
    notices: { source: new Map(), sink: new Map(), 'dead-letters': new Map() },
    losses: new Map(),
    deadLetters: { letters: 0, bytes: 0, oldestAtMs: undefined, discarded: { oldest: 0, age: 0, operator: 0 } },
    ...some,
  };
}

test('a live line says what comes in and ends each second, what is held, how far behind it is, and the newest outcome', () => {
  const lines = new RouteLines();
  assert.deepEqual(lines.lines([numbers('up', {}), numbers('orders', {})], 0), [
    'up      in 0/s  out 0/s  held 0  lag 0 s  nothing yet',
    'orders  in 0/s  out 0/s  held 0  lag 0 s  nothing yet',
  ]);
  const busy = numbers('up', { accepted: 500, delivered: 400, held: 100 });
  assert.deepEqual(lines.lines([busy], 2000), [
    'up  in 250/s  out 200/s  held 100  lag 0.5 s  newest: delivered 0.0 s ago',
  ]);
  lines.deadLettered('up', 'SCHEMA_INVALID');
  const refused = numbers('up', { accepted: 501, delivered: 400, deadLettered: 1, held: 100 });
  assert.match(lines.lines([refused], 2500)[0] ?? '', /newest: dead letter SCHEMA_INVALID 0\.0 s ago$/);
});

test('while nothing ends the lag grows, and rates fall to nothing', () => {
  const lines = new RouteLines();
  const held = numbers('up', { accepted: 10, delivered: 5, held: 5 });
  lines.lines([numbers('up', {})], 0);
  let line = '';
  for (let atMs = 500; atMs <= 30_500; atMs += 500) line = lines.lines([held], atMs)[0] ?? '';
  assert.equal(line, 'up  in 0/s  out 0/s  held 5  lag 30 s  newest: delivered 30 s ago');
});

test('in a terminal run draws a line a route beneath its log, and Ctrl-C takes the line away and drains', async (t) => {
  using project = memoryProject();
  await using terminal = openTerminal(t, [MAIN, 'run', 'pipelines/p.yaml'], project.folder);
  if (terminal === undefined) return;
  const drawn = /\u001B\[1A\u001B\[0Jr {2}in 0\/s {2}out 0\/s {2}held 0 {2}lag 0 s {2}nothing yet\r\n/g;
  await waitFor(() => (terminal.shown().match(drawn)?.length ?? 0) >= 2, 15_000, 'the line to be drawn again');
  terminal.interrupt();
  assert.equal(await terminal.ended(10_000), 0, terminal.shown());
  const [, end = ''] = terminal.shown().split('stopping');
  assert.match(end, /\u001B\[1A\u001B\[0J[\d:.]+ {3}stopped pipeline=p/);
  assert.ok(!end.slice(end.indexOf('stopped')).includes('in 0/s'), 'the last lines are those of the log');
});

test('what a function prints in a terminal stands above the live line, every line of it, and no older live line stays', async (t) => {
  // It prints from the main thread and from a thread of its own, on both streams.
  const prints = (name: string): string =>
    `let n = 0;\nsetInterval(() => { console.log('${name} said', n); console.error('${name} erred', n); n += 1; }, 150);\nexport default (body) => body;\n`;
  using project = memoryProject([{ function: 'f' }, { function: 'g', isolate: 'worker' }], {
    'functions/f.ts': prints('f'),
    'functions/g.ts': prints('g'),
  });
  await using terminal = openTerminal(t, [MAIN, 'run', 'pipelines/p.yaml'], project.folder);
  if (terminal === undefined) return;
  await waitFor(() => /f erred 12\b/.test(terminal.shown()), 20_000, 'the function to print');
  const ready = terminal.shown().indexOf('in 0/s');
  assert.ok(ready !== -1 && ready < terminal.shown().indexOf('f said 10'), 'the live line is drawn meanwhile');
  terminal.interrupt();
  assert.equal(await terminal.ended(10_000), 0, terminal.shown());
  const lines = linesShown(terminal.shown());
  for (let n = 0; n <= 12; n += 1)
    for (const said of ['said', 'erred'])
      assert.ok(lines.includes(`f ${said} ${n}`), `f ${said} ${n}\n${lines.join('\n')}`);
  assert.ok(lines.includes('g said 3'), lines.join('\n'));
  assert.deepEqual(
    lines.filter((line) => line.includes('in 0/s')),
    [],
  );
});
