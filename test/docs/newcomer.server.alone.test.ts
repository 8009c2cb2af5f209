import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from '../harness/free-ports.ts';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { waitFor } from '../harness/wait-for.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { blocksOf, commandsOf, filesOf } from './blocks.ts';
import { type Newcomer, newcomer, openShell, type Shell, type Typed } from './newcomer.ts';

let place: Newcomer;

before(() => {
  place = newcomer();
});
after(() => place[Symbol.dispose]());

async function fine(line: string, ending: Promise<Typed>): Promise<string> {
  const { code, output } = await ending;
  assert.equal(code, 0, `${line}\n${output}`);
  return output;
}

test('README, to try it: the demo runs, balances, and the commands of the page of dead letters work on what it leaves', async () => {
  const [first = '', second, ...own] = commandsOf('README.md');
  const [install, demo = ''] = first.split(' && ');
  // These two are what CI begins with, on a bare machine.
  const ci = readFileSync(join(REPOSITORY, '.ci/run'), 'utf8');
  assert.deepEqual([install, second], ['npm ci', 'npm test']);
  assert.match(ci, /^npm ci /m);
  assert.match(ci, /^npm test$/m);
  assert.equal(demo, 'npm start');
  assert.match(await fine(demo, openShell(place, place.clone).type(`${demo} -- --for 3s`)), /It balances/);
  const build = own.find((line) => line.startsWith('npm run')) ?? '';
  await fine(build, openShell(place, place.clone).type(build));
});

serverTest(
  'the commands of the page of dead letters work on what the demo has left',
  { needs: ['mosquitto'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await startMosquitto();
    const shell = openShell(place, place.clone, { FIELD_URL: field.url, CORE_URL: core.url });
    const commands = commandsOf('docs/dead-letters.md');
    assert.deepEqual(
      commands.map((line) => line.split(' ')[2]),
      ['list', 'show', 'export', 'replay', 'discard'],
    );
    for (const line of commands) await fine(line, shell.type(line));
  },
);

serverTest(
  'README, a pipeline of your own: the files of the page are checked, explained, bundled and run by the commands of the page',
  { needs: ['mosquitto', 'nats-process'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await startNats();
    const files = filesOf('README.md');
    assert.deepEqual([...files.keys()], ['my-bridge/pipelines/gate.yaml', 'my-bridge/functions/to-celsius.ts']);
    for (const [path, text] of files) place.write(path, text);
    const shell = openShell(place, place.clone, { MQTT_URL: field.url, NATS_URL: core.url });
    const [port = 0] = await freePorts(1);
    const said: string[] = [];
    for (const line of commandsOf('README.md').slice(2))
      said.push(await typed(shell, line.replace('9464', String(port))));
    assert.ok(said.some((text) => text.endsWith('gate.yaml is fine.\n')));
    assert.ok(said.some((text) => text === 'gate.mjs has all that it needs.\n'));
    assert.ok(
      said.some((text) => text.includes('"event":"stopped"')),
      said.join('\n'),
    );
  },
);

serverTest(
  'README, a pipeline of your own: verify convicts it of nothing where its function drops the bodies, and acquits it on bodies that it takes',
  { needs: ['mosquitto', 'nats-process'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await startNats();
    for (const [path, text] of filesOf('README.md')) place.write(path, text);
    place.write('reading.json', '{ "f": 50 }');
    const shell = openShell(place, place.clone, { MQTT_URL: field.url, NATS_URL: core.url });
    const [port = 0] = await freePorts(1);
    const run = (commandsOf('README.md').findLast((line) => / run /.test(line)) ?? '').replace('9464', String(port));
    let isChecked = false;
    const bridge = shell.typeUntil(run, { test: () => isChecked });
    try {
      await waitFor(() => isReady(port), 30_000, 'the bridge to be ready');
      const check = 'sluice verify my-bridge/pipelines/gate.yaml --route readings --count 200 --quiet-after 2s';
      const dropped = await shell.type(check);
      assert.equal(dropped.code, 3, dropped.output);
      assert.match(dropped.output, /^200 sent, 0 arrived, 200 dropped by a function\nNOTHING JUDGED$/m);
      assert.match(
        dropped.output,
        /was dropped by function to-celsius; give bodies .* with --body FILE: nothing was judged/,
      );
      assert.doesNotMatch(dropped.output, /CONVICTED|FINE/);
      const acquitted = await fine(check, shell.type(`${check} --body reading.json`));
      assert.match(acquitted, /^200 sent, [1-9].*FINE as class telemetry/ms);
    } finally {
      isChecked = true;
    }
    await fine('run', bridge);
  },
);

async function isReady(port: number): Promise<true | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  return answer?.status === 200 ? true : undefined;
}

function typed(shell: Shell, line: string): Promise<string> {
  return fine(
    line,
    / run /.test(line) && line.startsWith('node') ? shell.typeUntil(line, /"event":"ready"/) : shell.type(line),
  );
}

serverTest('the commands of the page of verify acquit the shipped pipeline', { needs: ['mosquitto'] }, async () => {
  await using field = await startMosquitto();
  await using core = await startMosquitto();
  for (const [path, text] of filesOf('docs/verify.md')) place.write(path, text);
  place.write('report.json', blocksOf('docs/verify.md').find(({ language }) => language === 'json')?.text ?? '');
  const env = { FIELD_URL: field.url, CORE_URL: core.url };
  const shell = openShell(place, place.clone, env);
  const [exported = '', ...checks] = commandsOf('docs/verify.md');
  await shell.type(exported);
  let isChecked = false;
  const bridge = shell.typeUntil('sluice run pipelines/fleet.yaml', { test: () => isChecked });
  try {
    assert.equal(checks.length, 3);
    for (const check of checks) {
      const here = check.replace('mqtt://127.0.0.1:1883', field.url).replace('mqtt://127.0.0.1:1884', core.url);
      const output = await fine(here, shell.type(`${here} --count 200 --quiet-after 2s`));
      assert.match(output, /^200 sent, [1-9].*FINE/ms);
    }
  } finally {
    isChecked = true;
  }
  await fine('run', bridge);
});
