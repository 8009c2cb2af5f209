import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { CARRIED_HEADERS } from '#contract/carried-headers.ts';
import { RESERVED_HEADERS } from '#contract/frame.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { DEFAULTS } from '../../runtime/project/fields/field-defaults.ts';
import { FIELDS, sharedWords } from '../../runtime/project/fields/field-tables.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { freshPage, PAGES, writtenPage as writtenBusPage } from './bus-pages.ts';
import { errorsPage, writtenPage } from './errors-page.ts';
import { freshGuide, writtenGuide } from './words-page.ts';

const GUIDE = readFileSync(new URL('../../docs/pipeline-file.md', import.meta.url), 'utf8');

test('docs/errors.md lists every code', () => {
  assert.equal(writtenPage(), errorsPage(), 'it drifted: node test/project/errors-page.ts');
});

test('docs/pipeline-file.md lists the words of a route as project/fields has them', () => {
  assert.equal(writtenGuide(), freshGuide(), 'it drifted: node test/project/words-page.ts');
});

test('docs/pipeline-file.md names every shared word, every kind of bus, every verb and the defaults', () => {
  const codecs = [...catalog.codecs.keys()];
  const words = [...sharedWords(FIELDS, 'from'), ...sharedWords(FIELDS, 'to')];
  for (const word of [...words, ...catalog.buses.keys(), 'retry', 'deadLetter', 'class']) {
    assert.match(GUIDE, new RegExp(`\`[^\`]*\\b${word}\\b[^\`]*\``), word);
  }
  // Generated from the catalog (test/stages/planted-kinds.test.ts): a new verb or codec needs no other edit.
  const generated = readFileSync(new URL('../../docs/stages.md', import.meta.url), 'utf8');
  for (const word of [...catalog.stages.keys(), ...codecs]) assert.ok(generated.includes(`\`${word}\``), word);
  for (const value of [DEFAULTS.windowMessages, DEFAULTS.windowBytes, DEFAULTS.attempts, DEFAULTS.backoff]) {
    assert.ok(GUIDE.includes(String(value)), String(value));
  }
});

test('docs/pipeline-file.md names every header that a file cannot set', () => {
  const sentence = /carried on by themselves;([^.]*) are the runtime's own/.exec(GUIDE)?.[1] ?? '';
  const named = [...sentence.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  assert.deepEqual(new Set(named), new Set([...RESERVED_HEADERS, CARRIED_HEADERS]));
});

test('the example of docs/pipeline-file.md passes the check', () => {
  const text = /```yaml\n(.*?)```/s.exec(GUIDE)?.[1] ?? '';
  assert.equal(parseAllDocuments(text).length, 1);
  const { spec, findings } = checkPipeline({
    text,
    file: 'example.yaml',
    catalog,
    project: { functions: ['owntracks-to-track.ts'], schemas: ['owntracks-location.v1.json', 'track.v1.json'] },
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  assert.ok(spec, findingsText(findings));
});

test('the pages of the buses print the options and the guarantees that are in the code', () => {
  for (const bus of PAGES)
    assert.equal(writtenBusPage(bus), freshPage(bus), `${bus.name} drifted: node test/project/bus-pages.ts`);
});

test('every bus that an operator runs has a page', () => {
  for (const bus of catalog.buses.values())
    assert.ok(writtenBusPage(bus).startsWith(`# ${bus.page.title}\n`), bus.name);
});
