import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathOf } from '../harness/provide.ts';
import { serverTest } from '../harness/server-test.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const CALL_MS = 60_000;

/** What is typed, and what must be among the completions. */
const TYPED: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ['sluice ch', ['check']],
  ['sluice dlq re', ['replay']],
  ['sluice verify --class t', ['telemetry']],
  ['sluice acl --for ', ['kafka', 'mosquitto', 'nats', 'rabbitmq']],
  ['sluice run --fa', ['--fail-fast']],
];

async function scriptFor(shell: string): Promise<string> {
  await using made = startSluice(['completion', shell]);
  assert.equal(await made.ended(), 0, made.stderr());
  return made.stdout();
}

function call(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: CALL_MS,
    env: { PATH: process.env['PATH'], TERM: 'dumb' },
  });
}

test('bash completes commands, their first words, options and values', async () => {
  using folder = temporaryFolder('completion');
  writeFileSync(`${folder.path}/sluice`, await scriptFor('bash'));
  for (const [line, expected] of TYPED) {
    const words = line.split(' ').map((word) => `'${word}'`);
    const program = `source ./sluice; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
    assert.deepEqual(
      call('bash', ['--norc', '--noprofile', '-c', program], folder.path).trim().split('\n').toSorted(),
      expected,
      line,
    );
  }
});

serverTest('fish completes commands, their first words, options and values', { needs: ['fish'] }, async () => {
  using folder = temporaryFolder('completion');
  writeFileSync(`${folder.path}/sluice.fish`, await scriptFor('fish'));
  for (const [line, expected] of TYPED) {
    const found = call(
      await pathOf('fish'),
      ['--no-config', '-c', `source ./sluice.fish; complete -C '${line}'`],
      folder.path,
    );
    const words = found.split('\n').map((one) => one.split('\t')[0] ?? '');
    assert.deepEqual(words.filter((word) => word !== '').toSorted(), expected, line);
  }
});

/** Types into an interactive zsh, as its completion works nowhere else, and prints what the line became. */
const ZPTY = String.raw`
zmodload zsh/zpty
cat > .zshrc <<'END'
PS1='> '
autoload -Uz compinit
compinit -D -u
source ./_sluice
report() { print -r -- "<$BUFFER>" > line }
zle -N report
bindkey '^I' complete-word
bindkey '^X' report
zle-line-init() { : > ready }
zle -N zle-line-init
END
export ZDOTDIR=$PWD
zpty -b shell zsh -i
until [[ -e ready ]]; do zpty -rt shell seen; sleep 0.05; done
zpty -w -n shell "$1"$'\t\C-x'
until [[ -s line ]]; do zpty -rt shell seen; sleep 0.05; done
cat line
rm -f line ready
zpty -d shell
`;

serverTest('zsh completes commands, their first words, options and values', { needs: ['zsh'] }, async () => {
  using folder = temporaryFolder('completion');
  writeFileSync(`${folder.path}/_sluice`, await scriptFor('zsh'));
  for (const [line, expected] of TYPED) {
    const [one] = expected;
    // Where there are several, zsh lists them and leaves the line.
    if (one === undefined || expected.length > 1) continue;
    const said = call(await pathOf('zsh'), ['-f', '-c', ZPTY, 'zsh', line], folder.path);
    assert.match(said, new RegExp(`^<.* ${one} ?>$`, 'm'), line);
  }
});

test('the values that acl completes are those that it takes', async () => {
  await using wrong = startSluice(['acl', 'pipelines/fleet-labels.yaml', '--for', 'nothing']);
  assert.equal(await wrong.ended(), 2);
  const [, brokers = ''] = /expected --for (.*), found/.exec(wrong.stderr()) ?? [];
  assert.deepEqual(brokers.split(', ').toSorted(), TYPED.find(([line]) => line.includes('acl'))?.[1]);
});
