import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LOSSES, NOTICES } from '#contract/event-codes.ts';
import { writtenPage } from './errors-page.ts';

const RUNTIME = fileURLToPath(new URL('../../runtime/', import.meta.url));
const TABLE = 'contract/event-codes.ts';

const SOURCES = readdirSync(RUNTIME, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && file !== TABLE)
  .map((file) => readFileSync(join(RUNTIME, file), 'utf8'))
  .join('\n');

// That no other code is used the types say: an event of a bus takes a key of these tables.
test('every code of a notice or a loss is on docs/errors.md, and a connection can tell it', () => {
  const page = writtenPage();
  const codes = [...Object.keys(NOTICES), ...Object.keys(LOSSES)];
  assert.equal(new Set(codes).size, codes.length);
  for (const code of codes) {
    assert.ok(page.includes(`- \`${code}\`: `), `${code} is not on the page`);
    assert.ok(SOURCES.includes(`'${code}'`), `${code} is used nowhere`);
  }
});
