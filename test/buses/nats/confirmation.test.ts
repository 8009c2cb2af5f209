import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberAt } from '../../../runtime/buses/nats/byte-text.ts';
import { confirmationReader, readPublishAck } from '../../../runtime/buses/nats/jetstream/publish-ack.ts';

/** Read within other bytes, as it comes from the network. */
function isConfirmation(reader: ReturnType<typeof confirmationReader>, text: string): boolean {
  const bytes = Buffer.from(`_IN.7 ${text}\r\nMSG`);
  return reader(bytes, 6, 6 + Buffer.byteLength(text));
}

const USUAL = ['{"stream":"S","seq":7}', '{"stream":"S", "seq":7}', '{"stream":"S","domain":"hub","seq":7}'];

for (const first of USUAL) {
  test(`after ${first} its like are recognised by their bytes, and nothing else`, () => {
    const reader = confirmationReader();
    assert.ok(isConfirmation(reader, first));
    const like = (number: string): string => first.replace('7', number);
    assert.ok(isConfirmation(reader, like('18446744073709551615')));
    const others = ['', '0', '07', '-1', '1.5', '1e3', '7,"duplicate":true', '7,"error":{}'].map(like);
    for (const other of [...others, first.slice(0, -1), `${first} `, '', '{}', 'null', first.replace('S', 'T')]) {
      assert.ok(!isConfirmation(reader, other), other);
    }
  });
}

test('what is recognised is what a reader of JSON takes for a confirmation of a first send', () => {
  const answer = fc.oneof(
    fc.constantFrom(...USUAL),
    fc
      .record({ stream: fc.constantFrom('S', 'T'), seq: fc.oneof(fc.nat(), fc.integer(), fc.double()) })
      .map((one) => JSON.stringify(one)),
    fc.json(),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 10 }), (answers) => {
      const reader = confirmationReader();
      for (const text of answers) {
        if (!isConfirmation(reader, text)) continue;
        assert.deepEqual(readPublishAck(text, undefined), { receipt: 'confirmed' });
      }
    }),
  );
});

test('a number is read from its bytes; what is none is -1', () => {
  const read = (text: string): number => numberAt(Buffer.from(`x${text}y`), 1, 1 + text.length);
  assert.deepEqual(['0', '7', '4096', '', 'a', '1a', '-1', ' 1'].map(read), [0, 7, 4096, -1, -1, -1, -1, -1]);
});
