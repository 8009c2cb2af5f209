import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemdSteps, systemdUnit, unitPlace } from '../../../runtime/cli/deploy/systemd.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { deployed } from './deployed.ts';
import { PIPELINES } from './pipelines.ts';
import { DIRECTIVES } from './systemd-directives.ts';

const units = new Map<string, string>();
for (const [name, pipeline] of Object.entries(PIPELINES)) {
  const { deployment } = await deployed(pipeline);
  units.set(name, systemdUnit(deployment));
}

function unit(name: keyof typeof PIPELINES): string {
  return units.get(name) ?? '';
}

/** Lines of a unit by section, without comments. */
function directives(text: string): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let own: string[] = [];
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const section = /^\[(\w+)\]$/.exec(line)?.[1];
    if (section === undefined) own.push(line);
    else sections.set(section, (own = []));
  }
  return sections;
}

test('every line of a unit is a directive of its section', () => {
  for (const [name, text] of units) {
    for (const [section, lines] of directives(text)) {
      for (const line of lines) {
        const [, word] = /^(\w+)=/.exec(line) ?? [];
        assert.ok(DIRECTIVES[section]?.has(word ?? ''), `${name}: [${section}] ${line}`);
      }
    }
  }
});

test('systemd itself finds nothing wrong with a unit, and calls its exposure low', (t) => {
  if (spawnSync('systemd-analyze', ['--version']).error !== undefined) {
    t.skip('no systemd-analyze here: the table of directives judged the units alone');
    return;
  }
  t.diagnostic('judged by systemd-analyze verify and security');
  using folder = temporaryFolder('units');
  const program = join(folder.path, 'node');
  writeFileSync(program, '');
  chmodSync(program, 0o755);
  mkdirSync(join(folder.path, 'spool'));
  const files = [...units].map(([name, text]) => {
    const file = join(folder.path, `${name}.service`);
    writeFileSync(file, text.replace('ExecStart=/usr/bin/node', `ExecStart=${program}`));
    return file;
  });
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', ...files], {
    encoding: 'utf8',
  });
  assert.equal(verified.stderr, '');
  assert.equal(verified.status, 0);
  // From 0 to 100. A service without a word of hardening has 96.
  const judged = spawnSync(
    'systemd-analyze',
    ['security', '--offline=yes', '--no-pager', '--threshold=25', files[0] ?? ''],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(judged.status, 0, judged.stdout + judged.stderr);
});

test('a unit holds no secret: the process gets the path of a credential', () => {
  const text = unit('queue');
  assert.match(text, /^LoadCredential=RABBIT_PASSWORD:\/etc\/sluice\/work\/RABBIT_PASSWORD$/m);
  assert.match(text, /^Environment=RABBIT_PASSWORD=file:%d\/RABBIT_PASSWORD$/m);
  assert.match(text, /^DynamicUser=yes$/m);
});

test('files of the pipeline are read by a user with a name, who can be given them', async () => {
  assert.match(unit('kafka'), /^User=sluice-fan-in$/m);
  assert.doesNotMatch(unit('kafka'), /DynamicUser/);
  const { deployment } = await deployed(PIPELINES.kafka);
  assert.deepEqual(systemdSteps(deployment, 'dist').slice(0, 5), [
    'useradd --system --no-create-home --shell /usr/sbin/nologin sluice-fan-in',
    'install -D -m 0444 -t /srv/sluice/fan-in dist/fan-in.mjs dist/fan-in.mjs.map',
    'install -D -o root -g sluice-fan-in -m 0440 secrets/ca.pem /srv/sluice/fan-in/secrets/ca.pem',
    'install -d -m 0700 /etc/sluice/fan-in',
    'install -m 0400 /dev/stdin /etc/sluice/fan-in/KAFKA_PASSWORD',
  ]);
});

test('a unit waits for the shutdown, lets V8 compile, and writes nothing but state, cache and spools', () => {
  for (const text of units.values()) {
    assert.match(text, /^ExecStart=.* --shutdown-timeout 10s$/m);
    assert.match(text, /^TimeoutStopSec=20$/m);
    assert.match(text, /^MemoryDenyWriteExecute=no$/m);
    assert.match(text, /^ProtectSystem=strict$/m);
    assert.doesNotMatch(text, /^WatchdogSec/m);
  }
  assert.match(unit('oneMqtt'), /^ReadWritePaths=\/srv\/sluice\/field\/spool$/m);
  assert.doesNotMatch(unit('kafka'), /ReadWritePaths/);
  assert.equal(unitPlace('x').settings, '/etc/sluice/x');
});
