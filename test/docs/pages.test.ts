import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { commandsOf, pages } from './blocks.ts';
import { allPages, anchorsOf, linksOf, missingPaths } from './references.ts';

/** Pages whose commands a test of this folder types, all of them. */
const TYPED = [
  'README.md',
  'docs/access.md',
  'docs/adding-a-stage.md',
  'docs/dead-letters.md',
  'docs/expressions.md',
  'docs/functions.md',
  'docs/new-project.md',
  'docs/schemas.md',
  'docs/tutorial.md',
  'docs/verify.md',
];

test('every page with commands has a test that types them', () => {
  assert.deepEqual(
    pages().filter((page) => commandsOf(page).length > 0),
    // upgrading.test.ts and test/cli/restricted.server.test.ts run what the page of deployment says.
    // test/guards/release-example.server.test.ts runs the example of guards, test/cli/send-tail.server.test.ts that of send and tail.
    // test/replay/replay.server.test.ts types what the page of replay says.
    [
      ...TYPED,
      'docs/deployment.md',
      'docs/guards.md',
      'docs/replay.md',
      'docs/send-and-tail.md',
      'docs/testing.md',
    ].toSorted(),
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

test('every file that a page mentions exists', () => {
  assert.deepEqual(
    allPages().flatMap((page) => missingPaths(page).map((path) => `${page}: ${path}`)),
    [],
  );
});

test('a page that mentions a file that is gone is found', () => {
  const text = 'See `runtime/engine/slots.ts`, `engine/route.ts`, `no-such-file.ts` and `test/nowhere/`.';
  assert.deepEqual(missingPaths('docs/x.md', text), ['runtime/engine/slots.ts', 'no-such-file.ts', 'test/nowhere/']);
});

test('every link of a page leads to a file, and to a heading that is there', () => {
  const broken = allPages().flatMap((page) =>
    linksOf(page).flatMap((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : relative(REPOSITORY, join(REPOSITORY, dirname(page), path));
      if (!existsSync(join(REPOSITORY, target))) return [`${page}: ${link}`];
      return anchor === undefined || anchorsOf(target).has(anchor) ? [] : [`${page}: ${link}`];
    }),
  );
  assert.deepEqual(broken, []);
});

test('docs/README.md links every page and every decision', () => {
  const linked = new Set(linksOf('docs/README.md').map((link) => join('docs', link.replace(/#.*/, ''))));
  const unlinked = allPages().filter((page) => page !== 'docs/README.md' && !linked.has(page));
  assert.deepEqual(unlinked, []);
});

test('README is one page: at most 120 lines', () => {
  assert.ok(readFileSync(join(REPOSITORY, 'README.md'), 'utf8').split('\n').length <= 121);
});
