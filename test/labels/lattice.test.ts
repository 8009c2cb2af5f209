import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { type LabelValue, TOP } from '../../runtime/labels/label-value.ts';
import { dominates, join } from '../../runtime/labels/lattice.ts';
import { LabelReader } from '../../runtime/labels/wire-label.ts';
import { demoPolicy } from './demo-policy.ts';

interface Vector {
  readonly n: number;
  readonly a: string;
  readonly b: string;
  readonly join: string;
  readonly aDomB: boolean;
  readonly bDomA: boolean;
}

const { vectors }: { vectors: readonly Vector[] } = JSON.parse(
  readFileSync(joinPath(import.meta.dirname, 'label-vectors.json'), 'utf8'),
);
const policy = demoPolicy();
const reader = new LabelReader(policy);

function read(text: string): LabelValue {
  return text.startsWith('1;') ? reader.read(text).label : reader.readShort(text);
}

function textOf(label: LabelValue | typeof TOP): string {
  return label === TOP ? 'TOP' : label.text;
}

test('every vector of the reference has its join and its order', () => {
  assert.equal(vectors.length, 30);
  for (const { n, a, b, join: joined, aDomB, bDomA } of vectors) {
    const [one, other] = [read(a), read(b)];
    assert.equal(textOf(join(one, other)), joined, `vector ${n}`);
    assert.equal(textOf(join(other, one)), joined, `vector ${n}`);
    assert.equal(dominates(one, other), aDomB, `vector ${n}`);
    assert.equal(dominates(other, one), bDomA, `vector ${n}`);
  }
});

test('a ceiling accepts what it dominates: every reader behind it may read the message', () => {
  const cases = [
    ['S;REL=GBR,USA', 'S;REL=FVEY', true],
    ['S;REL=GBR,USA', 'S;REL=USA', false],
    ['S;REL=GBR,USA', 'S;REL=AUS,USA', false],
    ['S;REL=GBR,USA', 'TS;REL=GBR,USA', false],
    ['S;REL=GBR,USA', 'R;REL=*', true],
    ['S;REL=GBR,USA', 'U', true],
    ['U;REL=*', 'U', true],
    ['U;REL=*', 'R;REL=*', false],
    ['S;SCD=ATOMAL;REL=USA', 'S;SCD=ATOMAL;REL=USA', true],
    ['S;SCD=ATOMAL;REL=USA', 'S;SCD=ATOMAL,CRYPTO;REL=USA', false],
    ['S;REL=USA', 'S', true],
    ['S;REL=GBR', 'S', false],
    ['TS;SCD=ATOMAL,BOHEMIA,CRYPTO;DIS=EXCLUSIVE,LOGISTICS,ORCON;REL=!', 'TS;SCD=CRYPTO;REL=!', true],
    ['S;REL=USA', 'S;REL=!', false],
  ] as const;
  for (const [ceiling, label, isAccepted] of cases) {
    assert.equal(dominates(read(ceiling), read(label)), isAccepted, `${ceiling} <- ${label}`);
  }
});

test('a label that cannot be determined is above all others, and no ceiling accepts it', () => {
  const label = read('TS;REL=!');
  assert.equal(join(label, TOP), TOP);
  assert.equal(join(TOP, label), TOP);
  assert.equal(dominates(TOP, label), true);
  assert.equal(dominates(label, TOP), false);
  assert.equal(dominates(TOP, TOP), true);
});

test('labels of two policies have no join below the top, and neither dominates the other', () => {
  const other = new LabelReader(demoPolicy({ id: 'urn:other:x' })).readShort('U');
  assert.equal(join(read('U'), other), TOP);
  assert.equal(dominates(read('TS;REL=!'), other), false);
});

test('a value of an informative category that is dropped on joining stays where both labels have it', () => {
  const categories = [{ tag: 'ADM', type: 'informative', values: ['A', 'B'], onJoin: 'drop' }] as const;
  const dropping = new LabelReader(demoPolicy({ categories, requires: [] }));
  const [a, b] = [dropping.readShort('U;ADM=A'), dropping.readShort('U;ADM=B')];
  assert.equal(textOf(join(a, a)), a.text);
  assert.equal(textOf(join(a, b)), '1;p=urn:demo:ops;c=U');
  assert.equal(textOf(join(join(a, b), a)), textOf(join(a, join(b, a))));
});
