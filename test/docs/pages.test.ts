import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { commandsOf, pages } from './blocks.ts';

/** Pages whose commands a test of this folder types, all of them. */
const TYPED = ['README.md', 'docs/dead-letters.md', 'docs/functions.md', 'docs/verify.md'];

test('every page with commands has a test that types them', () => {
  assert.deepEqual(
    pages().filter((page) => commandsOf(page).length > 0),
    // upgrading.test.ts and test/cli/restricted.server.test.ts run what the page of deployment says.
    [...TYPED, 'docs/deployment.md', 'docs/testing.md'].toSorted(),
  );
});

test('what the page of tests says to type are scripts of the package, and CI runs them', () => {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: object };
  const ci = readFileSync(join(REPOSITORY, '.ci/run'), 'utf8').split('\n');
  const commands = commandsOf('docs/testing.md');
  assert.ok(commands.length >= 4);
  for (const command of commands) {
    const script = /^npm (?:run )?(\S+)$/.exec(command)?.[1] ?? '';
    assert.ok(script in scripts, command);
    // The fast tier is part of `npm test`.
    assert.ok(script === 'test:fast' || ci.includes(command), command);
  }
});
