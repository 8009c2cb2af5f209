import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { PROJECT, WORDS } from './words.ts';

const FLEET = readFileSync(new URL('good/fleet.yaml', import.meta.url), 'utf8');

function check(text: string) {
  const readFile = (): never => assert.fail('nothing is read');
  return checkPipeline({
    text,
    file: 'p.yaml',
    catalog: WORDS,
    project: PROJECT,
    environment: {},
    readFile,
    mode: 'check',
  });
}

test('aliases of aliases cannot fill the memory', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level += 1) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  }
  const { findings } = check(lines.join('\n'));
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['YAML_SYNTAX'],
  );
});

test('no text, however broken, makes the checker throw', () => {
  for (let cut = 0; cut < FLEET.length; cut += 7) check(FLEET.slice(0, cut) + FLEET.slice(cut + 3));
  for (const text of [
    '',
    'null',
    '5',
    '[]',
    '- a',
    'name:',
    'routes: [null]',
    'buses: {a: null}\nroutes: [{from: null, to: [], stages: {}}]',
    '__proto__: {a: 1}',
    'buses: {__proto__: {bus: mqtt}, constructor: {bus: toString}}\nroutes: [{from: {bus: toString}, to: {bus: constructor}, stages: [{constructor: x}]}]',
  ]) {
    const { findings } = check(text);
    assert.ok(
      findings.some(({ severity }) => severity === 'error'),
      text,
    );
  }
});
