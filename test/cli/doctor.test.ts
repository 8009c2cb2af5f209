import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { CheckLine, CheckVerdict } from '../../runtime/contract/doctor.ts';
import { exitOf } from '../../runtime/cli/doctor.ts';
import { doctorText } from '../../runtime/cli/doctor-text.ts';
import { freePorts } from '../harness/free-ports.ts';
import { outputFault } from '../harness/output-schema.ts';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

function line(code: string, verdict: CheckVerdict, found = 'found'): CheckLine {
  return { code, verdict, about: '', found, ...(verdict === 'error' && { write: 'what to write' }) };
}

test('`sluice doctor --json` prints one object and ends with 3 where a bus is away; it makes no state folder', async () => {
  const [port = 0] = await freePorts(1);
  using project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      buses: { field: { bus: 'mqtt', url: `mqtt://127.0.0.1:${port}` }, hub: { bus: 'memory', hub: 'h' } },
      routes: [{ name: 'r', from: { bus: 'hub', addresses: ['a'] }, to: { bus: 'field', topic: 'b' } }],
    },
  });
  await using command = startSluice(['doctor', project.path('pipelines/p.yaml'), '--json', '--timeout', '5s'], {
    cwd: project.folder,
  });
  assert.equal(await command.ended(), 3, command.stderr());
  const { ok, connections, machine } = JSON.parse(command.stdout()) as {
    readonly ok: boolean;
    readonly connections: readonly {
      readonly connection: string;
      readonly bus: string;
      readonly lines: readonly CheckLine[];
    }[];
    readonly machine: readonly CheckLine[];
  };
  assert.equal(ok, false);
  assert.equal(outputFault('doctor', command.stdout()), undefined);
  assert.deepEqual(
    connections.map(({ connection, bus, lines }) => [
      connection,
      bus,
      ...lines.map(({ verdict, code }) => `${verdict} ${code}`),
    ]),
    [
      ['field', 'mqtt', 'error REACHABLE'],
      ['hub', 'memory', 'ok REACHABLE'],
    ],
  );
  assert.ok(machine.some(({ code }) => code === 'STATE_FOLDER'));
  assert.equal(existsSync(project.path('.sluice')), false);
});

test('a bus that is away and a machine that is not fit end with 3, any other error with 2, warnings with 0', () => {
  assert.equal(exitOf([line('NODE_VERSION', 'warning')], [line('CLOCK', 'warning'), line('PUBLISH', 'unknown')]), 0);
  assert.equal(exitOf([], [line('REACHABLE', 'ok'), line('EXISTS', 'error')]), 2);
  assert.equal(exitOf([], [line('IDENTITY', 'error')]), 2);
  assert.equal(exitOf([], [line('EXISTS', 'error'), line('REACHABLE', 'error')]), 3);
  assert.equal(exitOf([line('STATE_FOLDER', 'error')], []), 3);
});

test('the text fits a terminal, has colours only there and without NO_COLOR, and nothing in it steers the terminal', () => {
  const lines = [line('REACHABLE', 'ok', 'short'), line('EXISTS', 'error', `${'long '.repeat(40)}\u001B[2Jend`)];
  const report = { connections: [{ connection: 'field', bus: 'mqtt', lines }], machine: [] };
  const wide = doctorText(report, {}, {});
  assert.doesNotMatch(wide, /\u001B/);
  assert.equal(wide.split('\n').filter((one) => one.includes('long')).length, 1);
  const narrow = doctorText(report, { isTTY: true, columns: 80 }, { NO_COLOR: '1' });
  assert.doesNotMatch(narrow, /\u001B/);
  assert.ok(narrow.split('\n').every((one) => one.length <= 80));
  assert.match(narrow, /\n {34}write what to write\n/);
  assert.match(doctorText(report, { isTTY: true, columns: 80 }, {}), /\u001B\[31merror/);
  assert.match(narrow, /1 ok, 0 not tried, 0 warnings, 1 error\.\n$/);
});
