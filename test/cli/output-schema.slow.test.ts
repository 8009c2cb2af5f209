import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OUTPUT_SCHEMA, outputFault } from '../harness/output-schema.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { outputSchemaText } from './output-schema.ts';

test('schemas/command-output.schema.json is what the types of the outputs make', () => {
  assert.ok(readFileSync(OUTPUT_SCHEMA, 'utf8') === outputSchemaText(), 'it drifted: node test/cli/output-schema.ts');
});

test('the schema of outputs has every command that takes --json, and no other', async () => {
  await using script = startSluice(['completion', 'fish']);
  assert.equal(await script.ended(), 0);
  const words = [...script.stdout().matchAll(/__fish_seen_subcommand_from (\S+)' -l json /g)].map(
    ([, word]) => word ?? '',
  );
  const { properties } = JSON.parse(readFileSync(OUTPUT_SCHEMA, 'utf8')) as { readonly properties: object };
  assert.deepEqual(words.toSorted(), Object.keys(properties).toSorted());
});

test('an output that is not as the schema says is found', () => {
  assert.equal(outputFault('check', '{"ok":true,"findings":[]}\n'), undefined);
  assert.match(outputFault('check', '{"findings":[]}\n') ?? '', /required property 'ok'/);
  assert.match(outputFault('nothing', '{}\n') ?? '', /has no nothing/);
});
