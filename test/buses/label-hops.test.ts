import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderType } from '#contract/frame.ts';
import { labelOf } from '#contract/label.ts';
import { frameForTest } from '../engine/route-for-test.ts';
import { hop, HOP_NAMES, HOPS } from './header-hops.ts';

test('a label that the bus cannot spell is refused, whatever the file says', () => {
  const frame = frameForTest('a', '', { headers: new Map([['seclabel', ['S\nU']]]) });
  for (const unspellable of ['encode', 'drop', 'reject'] as const) {
    assert.throws(() => hop('mqtt', frame, unspellable), { code: 'HEADER_UNSPELLABLE' });
  }
});

for (const each of HOP_NAMES) {
  const read = (headers: [string, string[]][], types: [string, HeaderType[]][] = []): ReturnType<typeof labelOf> =>
    labelOf(HOPS[each].over(frameForTest('a', '', { headers: new Map(headers), headerTypes: new Map(types) })));

  test(`${each}: the label is read whatever its spelling, and leaves in one`, () => {
    assert.equal(read([['SecLabel', ['S']]]), 'S');
    const { headers } = HOPS[each].over(frameForTest('a', '', { headers: new Map([['SECLABEL', ['S']]]) }));
    assert.deepEqual([...headers], [['seclabel', ['S']]]);
  });

  test(`${each}: of two labels, in one spelling or two, none is believed`, () => {
    assert.throws(
      () =>
        read([
          ['SecLabel', ['U']],
          ['seclabel', ['S']],
        ]),
      { code: 'LABEL_DUPLICATE' },
    );
    assert.throws(
      () =>
        read([
          ['seclabel', ['S']],
          ['SecLabel', ['S']],
        ]),
      { code: 'LABEL_DUPLICATE' },
    );
    if (each === 'rabbitmq stream') return;
    assert.throws(() => read([['seclabel', ['S', 'S']]]), { code: 'LABEL_DUPLICATE' });
    assert.throws(() => read([['seclabel', ['', 'S']]]), { code: 'LABEL_DUPLICATE' });
  });

  test(`${each}: a label that is empty or no text is none`, () => {
    assert.throws(() => read([['seclabel', ['']]]), { code: 'LABEL_MALFORMED' });
    assert.throws(() => read([['seclabel', ['x'.repeat(1025)]]]), { code: 'LABEL_MALFORMED' });
    if (each === 'nats' || each === 'mqtt') return;
    assert.throws(() => read([['seclabel', ['AP8=']]], [['seclabel', ['bytes']]]), { code: 'LABEL_MALFORMED' });
    assert.throws(() => read([['seclabel', ['']]], [['seclabel', ['null']]]), { code: 'LABEL_MALFORMED' });
    assert.throws(() => read([['seclabel', ['a\nb']]]), { code: 'LABEL_MALFORMED' });
    assert.throws(() => read([['seclabel', [' S']]]), { code: 'LABEL_MALFORMED' });
  });
}

test('a label with a character that nobody sees is none, wherever it stands and on every bus', () => {
  const read = (label: string): unknown =>
    labelOf({ headers: new Map([['seclabel', [label]]]), headerTypes: undefined });
  for (const label of ['S', 'S;REL=FVEY', 'GEHEIM ü', '機 密']) assert.equal(read(label), label);
  let seen = 0;
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const odd = String.fromCodePoint(point);
    if (!/[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\u{3164}]|\u{fe0f}/u.test(odd)) continue;
    seen += 1;
    for (const label of [`${odd}S`, `S${odd}`, `SEC${odd}RET`]) {
      assert.throws(() => read(label), { code: 'LABEL_MALFORMED' }, point.toString(16));
    }
  }
  assert.ok(seen > 200, `${seen} characters`);
  for (const each of HOP_NAMES) {
    const frame = frameForTest('a', '', { headers: new Map([['seclabel', ['SECRET\u200b']]]) });
    assert.throws(() => labelOf(HOPS[each].over(frame)), { code: 'LABEL_MALFORMED' }, each);
  }
});

test('a label cannot hide in another spelling among carried headers', () => {
  const hidden = JSON.stringify([['SecLabel', ['U'], ['text']]]);
  for (const each of HOP_NAMES) {
    const frame = frameForTest('a', '', { headers: new Map([['carried-headers', [hidden]]]) });
    assert.equal(labelOf(HOPS[each].over(frame)), undefined, each);
  }
});
