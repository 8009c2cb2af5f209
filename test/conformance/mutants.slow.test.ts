import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFORMANCE_TESTS } from './conformance.ts';
import type { Fixture } from './fixture.ts';
import { memoryFixture } from './memory-fixture.ts';
import type { Mutant } from './mutants/mutant.ts';
import { MUTANTS } from './mutants/mutants.ts';
import { BEYOND_THE_HUB } from '../brokers/memory.ts';

/** A test that convicts waits no longer than this for what does not come. */
const SHORT = { patienceMs: 500, sendDeadlineMs: 250 } as const;

async function grow(mutant: Partial<Mutant>): Promise<Fixture> {
  const fixture = await memoryFixture();
  const { source = (same) => same, sink = (same) => same } = mutant;
  return {
    ...fixture,
    sourcePath: { ...fixture.sourcePath, hush: () => {} },
    sinkPath: { ...fixture.sinkPath, hush: () => {} },
    revoke: () => fixture.sourcePath.cut(),
    grant: () => fixture.sourcePath.mend(),
    changeSecret: () => fixture.sourcePath.cut(),
    renewFile() {},
    openSource: async (context) => source(await fixture.openSource(context)),
    openSink: async (context) => sink(await fixture.openSink(context)),
  };
}

test('a bus without a fault is convicted by no test', async () => {
  for (const each of CONFORMANCE_TESTS) {
    // For these the hub itself is the mutant, or one beside it: it has no window, opens at once and cannot fall silent.
    if (each.name in BEYOND_THE_HUB) continue;
    await using fixture = await grow({});
    await each.judge(fixture);
  }
});

for (const mutant of MUTANTS) {
  for (const name of mutant.convictedBy) {
    test(`a bus that ${mutant.fault} is convicted by the test '${name}'`, async () => {
      const judge = CONFORMANCE_TESTS.find((candidate) => candidate.name === name);
      assert.ok(judge, `there is no conformance test '${name}'`);
      await using fixture = await grow(mutant);
      await assert.rejects(judge.judge({ ...fixture, ...SHORT }));
    });
  }
}

test('every conformance test has convicted something', () => {
  const used = new Set(MUTANTS.flatMap(({ convictedBy }) => convictedBy));
  const idle = CONFORMANCE_TESTS.map(({ name }) => name).filter((name) => !used.has(name));
  assert.deepEqual(idle, []);
});
