import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUN_OPTIONS, runOptions, warnOfOlderOptions } from '../../runtime/cli/run-options.ts';
import { parseArguments } from '../../runtime/cli/parse-arguments.ts';

function given(...options: readonly string[]) {
  return parseArguments({ options: RUN_OPTIONS, words: 1, usage: '' }, ['pipelines/p.yaml', ...options]);
}

function drainMs(...options: readonly string[]): number {
  return runOptions(given(...options), '.', 'p').drainMs;
}

function warnings(...options: readonly string[]): readonly unknown[] {
  const logged: unknown[] = [];
  const log = {
    info() {},
    warn: (event: string, fields: object = {}) => void logged.push({ event, ...fields }),
    error() {},
  };
  warnOfOlderOptions(log, given(...options));
  return logged;
}

test('--shutdown-timeout bounds a stop; --drain is its older name and is logged as such', () => {
  assert.equal(drainMs(), 10_000);
  assert.equal(drainMs('--shutdown-timeout', '3s'), 3000);
  assert.equal(drainMs('--drain', '4s'), 4000);
  assert.deepEqual(warnings('--shutdown-timeout', '3s'), []);
  assert.deepEqual(warnings('--drain', '4s'), [
    {
      event: 'option-renamed',
      option: '--drain',
      text: '--drain is the older name of --shutdown-timeout: write --shutdown-timeout 4s',
    },
  ]);
});

test('both names of one option are refused, and a value without a unit under the name that was typed', () => {
  assert.throws(() => drainMs('--drain', '4s', '--shutdown-timeout', '4s'), /--shutdown-timeout alone/);
  assert.throws(() => drainMs('--drain', '4'), /expected --drain with a duration and its unit/);
  assert.throws(() => drainMs('--shutdown-timeout', '4'), /expected --shutdown-timeout with a duration and its unit/);
});
