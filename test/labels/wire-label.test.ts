import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabelError, type LabelFault } from '../../runtime/labels/label-error.ts';
import { LabelReader } from '../../runtime/labels/wire-label.ts';
import { demoPolicy } from './demo-policy.ts';

const PREFIX = '1;p=urn:demo:ops;c=';
const reader = new LabelReader(demoPolicy());

function faultOf(text: string, its = reader): LabelFault | undefined {
  try {
    its.read(text);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof LabelError, String(thrown));
    return thrown.code;
  }
}

test('what is no label of the policy is refused with its code', () => {
  const wrong: readonly (readonly [LabelFault, ...string[]])[] = [
    ['LABEL_VERSION', '2;p=urn:demo:ops;c=S', 'SECRET//NOFORN', '01;p=urn:demo:ops;c=S', ' 1;p=urn:demo:ops;c=S'],
    ['LABEL_POLICY_UNKNOWN', '1;p=urn:other:x;c=S', '1;p=urn:demo:OPS;c=S'],
    ['LABEL_CLASS_UNKNOWN', `${PREFIX}SECRET`, `${PREFIX}s`],
    ['LABEL_VALUE_UNKNOWN', `${PREFIX}S;REL=USA,XXX`, `${PREFIX}S;REL=USA,gbr`, `${PREFIX}S;SCD=FVEY`],
    ['LABEL_CATEGORY_UNKNOWN', `${PREFIX}S;FOO=BAR`],
    ['LABEL_RULE', `${PREFIX}R;SCD=ATOMAL;REL=USA`],
    [
      'LABEL_MALFORMED',
      '',
      '1',
      '1;c=S;p=urn:demo:ops',
      '1;p=urn:demo:ops',
      '1;p=;c=S',
      ...['S;REL=', 'S;REL=USA,USA', 'S;REL=USA;REL=GBR', 'S; REL=USA', 'S;SCD=*', 'S;SCD=!', 'S;REL=*,USA'].map(
        prefixed,
      ),
      ...['S;', 'S\0', 'S;t=yesterday', 'S;t=2026-02-30T00:00:00Z', 'S;t=2026-11-20T18:05:42Z;REL=USA', ''].map(
        prefixed,
      ),
      ...['S ', 'S\n', 'S;REL', 'S;REL=USA=GBR', 'S;rel=USA', 'S;;REL=USA', 'S;REL=,USA', 'S;REL=U\u200bSA'].map(
        prefixed,
      ),
      prefixed(`S;REL=${Array.from({ length: 300 }, (_, at) => `V${at}`).join()}`),
      prefixed(`S${Array.from({ length: 33 }, (_, at) => `;T${at}=A`).join('')}`),
    ],
  ];
  for (const [code, ...texts] of wrong)
    for (const text of texts) assert.equal(faultOf(text), code, JSON.stringify(text));
});

test('a label of a policy that requires a category must state it', () => {
  const strict = demoPolicy({
    categories: [
      { tag: 'REL', type: 'permissive', values: ['A'], absent: 'invalid', absentByClassification: { U: 'nobody' } },
    ],
    requires: [],
  });
  assert.equal(faultOf(`${PREFIX}S`, new LabelReader(strict)), 'LABEL_CATEGORY_REQUIRED');
  assert.equal(new LabelReader(strict).readShort('U').text, `${PREFIX}U;REL=!`);
});

test('the canonical form states every audience, expands groups and sorts', () => {
  assert.equal(reader.readShort('S;REL=FVEY').text, `${PREFIX}S;REL=AUS,CAN,GBR,NZL,USA`);
  assert.equal(
    reader.readShort('S;SCD=CRYPTO,ATOMAL;REL=USA,ACGU').text,
    `${PREFIX}S;REL=AUS,CAN,GBR,USA;SCD=ATOMAL,CRYPTO`,
  );
  assert.equal(reader.readShort('U').text, `${PREFIX}U;REL=*`);
});

test('the time of a label is kept apart, and the label is the same with any time', () => {
  const { label, assigned } = reader.read(`${PREFIX}S;REL=USA;t=2026-11-20T18:05:42Z`);
  assert.equal(assigned, '2026-11-20T18:05:42Z');
  assert.equal(label, reader.read(`${PREFIX}S;REL=USA`).label);
  assert.throws(() => reader.readShort('S;t=2026-11-20T18:05:42Z'), LabelError);
});

test('an error names what the policy has, and nothing of the text, which came with a message', () => {
  try {
    reader.read(`${PREFIX}S;REL=SPY`);
    assert.fail('read');
  } catch (thrown) {
    assert.ok(thrown instanceof LabelError);
    assert.doesNotMatch(thrown.message, /SPY/);
    assert.match(thrown.message, /REL/);
  }
});

test('a flood of labels leaves the reader and the memory as they are', () => {
  for (let count = 0; count < 20_000; count += 1) {
    const time = new Date(count * 1000).toISOString().replace('.000Z', 'Z');
    assert.equal(reader.read(`${PREFIX}S;REL=USA;t=${time}`).label.text, `${PREFIX}S;REL=USA`);
    assert.equal(faultOf(`${PREFIX}S;REL=X${count}`), 'LABEL_VALUE_UNKNOWN');
  }
});

function prefixed(text: string): string {
  return PREFIX + text;
}
