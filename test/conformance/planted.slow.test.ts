import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAWS } from './conformance.ts';
import type { Ground } from './ground.ts';
import { memoryGround } from './memory-ground.ts';
import type { Plant } from './plants/plant.ts';
import { PLANTS } from './plants/plants.ts';
import { BEYOND_THE_HUB } from './subjects/memory.ts';

/** A law that convicts waits no longer than this for what does not come. */
const SHORT = { patienceMs: 500, sendDeadlineMs: 250 } as const;

async function grow(plant: Partial<Plant>): Promise<Ground> {
  const ground = await memoryGround();
  const { source = (same) => same, sink = (same) => same } = plant;
  return {
    ...ground,
    sourcePath: { ...ground.sourcePath, hush: () => {} },
    sinkPath: { ...ground.sinkPath, hush: () => {} },
    revoke: () => ground.sourcePath.cut(),
    grant: () => ground.sourcePath.mend(),
    changeSecret: () => ground.sourcePath.cut(),
    renewFile() {},
    openSource: async (context) => source(await ground.openSource(context)),
    openSink: async (context) => sink(await ground.openSink(context)),
  };
}

test('a bus without a fault is convicted by no law', async () => {
  for (const law of LAWS) {
    // For these the hub itself is the plant, or one beside it: it has no window, opens at once and cannot fall silent.
    if (law.name in BEYOND_THE_HUB) continue;
    await using ground = await grow({});
    await law.judge(ground);
  }
});

for (const plant of PLANTS) {
  for (const name of plant.convictedBy) {
    test(`a bus that ${plant.fault} is convicted by the law '${name}'`, async () => {
      const law = LAWS.find((candidate) => candidate.name === name);
      assert.ok(law, `there is no law '${name}'`);
      await using ground = await grow(plant);
      await assert.rejects(law.judge({ ...ground, ...SHORT }));
    });
  }
}

test('every law has convicted something', () => {
  const used = new Set(PLANTS.flatMap(({ convictedBy }) => convictedBy));
  const idle = LAWS.map(({ name }) => name).filter((name) => !used.has(name));
  assert.deepEqual(idle, []);
});
