import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedFile } from './checked-file.ts';
import { parseYaml } from '../../runtime/project/read/yaml-document.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { FindingList } from '../../runtime/project/check/finding-list.ts';
import { patient } from '../harness/patience.ts';

const BLOCK = '\n      bus: a\n      subjects: [x]';

/** A file with the slip in its first route, and two more routes behind it. */
function fileWith({ from = '{ bus: a, subjects: [x] }', to = '{ bus: b, topic: t }' }): string {
  const route = (name: string, its: string, other: string): string =>
    `  - name: ${name}\n    from: ${its}\n    to: ${other}\n`;
  const others = ['two', 'three'].map((name) => route(name, '{ bus: a, subjects: ["y"] }', '{ bus: b, topic: t }'));
  return `name: p\nbuses:\n  a: { bus: nats, url: nats://h }\n  b: { bus: kafka, brokers: [h] }\nroutes:\n${route('one', from, to)}${others.join('')}`;
}

function said(text: string): string {
  const { flaws, places } = parseYaml(text);
  const list = new FindingList('p.yaml', places);
  for (const flaw of flaws) list.add(flaw);
  return findingsText(list.sorted());
}

// Line 7 is `from`, line 8 `to`, or what follows `from` as a block.
const SLIPS: readonly (readonly [slip: string, text: string, place: string, write: string])[] = [
  ['a { inside a text of a flow map', fileWith({ to: '{ bus: b, topic: r.{key} }' }), '8:26', '"r.{key}"'],
  ['a text that starts with {', fileWith({ to: '{ bus: b, topic: {key}.r }' }), '8:26', '"{key}.r"'],
  ['a text behind a quoted one', fileWith({ from: `${BLOCK}\n      key: "a".b` }), '10:12', '"a.b"'],
  ['a double quote that is not closed', fileWith({ from: '{ bus: a, subjects: ["x] }' }), '7:32', '"x"'],
  ['a single quote that is not closed', fileWith({ from: "{ bus: a, subjects: ['x] }" }), '7:32', "'x'"],
  [
    'a quoted template that is not closed',
    fileWith({ from: `${BLOCK}\n      key: "{topic.1}` }),
    '10:12',
    '"{topic.1}"',
  ],
  ['a tab', fileWith({ from: '\n      bus: a\n\tsubjects: [x]' }), '9:1', 'spaces instead of the tab'],
  ['a colon in a text', fileWith({ from: `${BLOCK}\n      key: a: b` }), '10:12', '"a: b"'],
  ['a colon in a text of a flow map', fileWith({ to: '{ bus: b, topic: t, key: a: b }' }), '8:34', '"a: b"'],
  ['a ] that is missing', fileWith({ from: '{ bus: a, subjects: [x }' }), '7:34', '] at the end of the list'],
  ['a } that is missing', fileWith({ from: '{ bus: a, subjects: [x]' }), '8:5', '} at the end of the map'],
  ['a } too many', fileWith({ from: '{ bus: a, subjects: [x] } }' }), '7:37', 'one } less'],
  ['a comma that is missing', fileWith({ from: '{ bus: a subjects: [x] }' }), '7:18', 'a, subjects:'],
  ['a colon without a space', fileWith({ from: '\n      bus: a\n      subjects:[x]' }), '9:7', 'subjects: [x]'],
  ['a key without a colon', fileWith({ from: '\n      bus a\n      subjects: [x]' }), '8:7', 'bus: a'],
  ['another indentation', fileWith({ from: '\n      bus: a\n     subjects: [x]' }), '9:6', 'under the first letter'],
  ['a * at the start', fileWith({ from: '{ bus: a, subjects: [*.x] }' }), '7:32', 'in quotes: "*.x"'],
  ['a > alone in a flow list', fileWith({ from: '{ bus: a, subjects: [>] }' }), '7:32', '">"'],
  ['a # at the start in a flow list', fileWith({ from: '{ bus: a, subjects: [#] }' }), '7:32', '"#"'],
  ['an @ at the start', fileWith({ from: '{ bus: a, subjects: [@x] }' }), '7:32', '"@x"'],
];

for (const [slip, text, place, write] of SLIPS) {
  test(`${slip} is one error, at its place, and says what to write`, () => {
    const [head = '', advice = '', ...more] = said(text).trimEnd().split('\n');
    assert.deepEqual(more, []);
    assert.ok(head.startsWith(`p.yaml:${place}  YAML_SYNTAX`), head);
    assert.ok(advice.includes(write), advice);
  });
}

test('slips within single values are all said at once, and none behind the first that breaks the structure', () => {
  const local = 'a: [*x, @y]\nb: !z 1\n';
  assert.equal(said(local).match(/YAML_SYNTAX/g)?.length, 3);
  assert.equal(said(`${local}c: {d}e\nf: *g\nf: 1\n`).match(/YAML_SYNTAX|YAML_DUPLICATE_KEY/g)?.length, 4);
});

test('a line with a secret in it is not shown, whatever is wrong with its YAML', () => {
  for (const line of [
    '{ password: s3cret{a} }',
    'password: s3cret: a',
    '{ url: nats://u:s3cret{a}@h }',
    'password: "s3cret',
  ]) {
    const text = said(`a: 1\nb: ${line}\n`.replace('b: password', 'password'));
    assert.ok(text.includes('YAML_SYNTAX') && !text.includes('s3cret'), text);
  }
  const elsewhere = [
    'buses: { a: { password: *s3cret } }',
    `password: ${'x'.repeat(2000)} s3cret: a`,
    'b:\n  password:\n    @s3cret',
    'b:\n  password\n    : @s3cret',
    'b:\n  "password": # of the field\n\n    # two people know it\n    - %s3cret',
    'PASSWORD: @s3cret',
    'accessToken: @s3cret',
  ];
  for (const line of elsewhere) {
    const text = said(`a: 1\n${line}\n`);
    assert.ok(text.includes('YAML_SYNTAX') && !text.includes('s3cret'), text);
  }
});

test('a file of nothing but slips is read in time that grows with its length alone', () => {
  for (const one of ['!x ', '@x,', '{a}b,']) {
    const before = process.cpuUsage();
    assert.equal(parseYaml(`[${one.repeat(280_000 / one.length)}`).readable, false);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    assert.ok(ms < patient(5000), `${one} took ${Math.round(ms)} ms`);
  }
});

test('a tag that would make an object with methods is refused, as any that is not of the core schema', () => {
  const tags = ['!!set { a }', '!!binary aaa', '!!omap [a: 1]', '!!timestamp 2026-11-28', '!mine 3'];
  for (const tagged of tags) {
    const errors = checkedFile(`name: ${tagged}\n`).findings.filter(({ severity }) => severity === 'error');
    assert.ok(
      errors.some(({ code, found }) => code === 'YAML_SYNTAX' && found.startsWith(tagged.split(' ', 1)[0] ?? '')),
      `${tagged}: ${errors.map(({ code, found }) => `${code} ${found}`).join()}`,
    );
  }
});
