import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { FINDINGS } from '../../runtime/project/check/findings.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { PROJECT, WORDS } from './words.ts';

const FOLDER = new URL('bad/', import.meta.url);
const SECRETS = {
  BAD_URL: 'ftp://user:s3cret-url@h',
  NUMBER: '7391',
  WORD: 's3cret-word',
  SECRET: 's3cret-pass',
  BAD_TEMPLATE: 's3cret/{oops',
  BAD_TOPIC: 's3cret/+',
};

/** `# expect CODE LINE:COLUMN [severity]` at the end of a file of the corpus. */
function expectations(text: string): readonly string[] {
  return [...text.matchAll(/^# expect (\w+) (\d+:\d+)(?: (\w+))?$/gm)].map(
    ([, code, place, severity]) => `${place} ${code} ${severity ?? 'error'}`,
  );
}

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'))) {
  test(`every mistake in ${name} is found once, where it stands`, () => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    const { findings, spec, document } = checkPipeline({
      text,
      file: name,
      catalog: WORDS,
      project: PROJECT,
      environment: SECRETS,
      readFile: () => {
        throw new Error('no such file');
      },
      mode: 'check',
    });
    const found = findings
      .filter(({ severity }) => severity !== 'notice')
      .map(({ line, column, code, severity }) => `${line}:${column} ${code} ${severity}`);
    const said = findingsText(findings);
    assert.deepEqual(found.toSorted(), expectations(text).toSorted(), said);
    assert.equal(spec, undefined);
    assert.equal(document, undefined);
    for (const secret of Object.values(SECRETS)) assert.ok(!said.includes(secret), `${secret} is shown in\n${said}`);
    assert.ok(!said.includes('s3cret'), said);
    for (const { code, severity, write, found: what } of findings) {
      assert.ok(code in FINDINGS);
      assert.notEqual(what, '', code);
      assert.ok(severity === 'notice' || write !== '', `${code} says what to write`);
    }
  });
}
