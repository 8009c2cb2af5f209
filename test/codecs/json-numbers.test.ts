import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Codec } from '../../runtime/contract/codec.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { JSON_CODECS } from '../../runtime/codecs/json.ts';
import { MOST_DIGITS } from '../../runtime/codecs/json-numbers.ts';
import { distinctKeys, jsonText, numberText } from './json-texts.ts';

const { reject, exact, round, keep } = JSON_CODECS;

/** What comes out of a function that gives back what it was given, or makes this of it. */
function through(codec: Codec, text: string, make: (body: never) => unknown = (body) => body): string {
  const bytes = Buffer.from(text);
  return Buffer.from(codec.encode(make(codec.decode(bytes) as never), bytes)).toString();
}

function failureOf(run: () => unknown): SluiceError | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError, String(thrown));
    return thrown;
  }
}

function refusal(codec: Codec, text: string): readonly unknown[] | undefined {
  const failure = failureOf(() => codec.decode(Buffer.from(text)));
  return failure && [failure.code, failure.place.pointer];
}

/** The number exactly: digits and a power of ten. */
function valueOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e\+?(-?\d+))?$/i.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(power) - fraction.length + digits.length - kept.length}`;
}

test('by default an integer comes out as the same number, or its message is refused', () => {
  fc.assert(
    fc.property(numberText, (text) => {
      if (/[.e]/i.test(text) || failureOf(() => reject.decode(Buffer.from(text))) !== undefined) return;
      assert.equal(valueOf(through(reject, text)), valueOf(text));
    }),
    { numRuns: 3000 },
  );
});

test('by default no integer is refused that a double writes as it was', () => {
  fc.assert(
    fc.property(numberText, (text) => {
      const isSame = valueOf(JSON.stringify(Number(text)).replace('null', '1e99999')) === valueOf(text);
      if (isSame) assert.equal(refusal(reject, text), undefined);
    }),
    { numRuns: 3000 },
  );
});

test('by default a number with a fraction or an exponent passes as its nearest double, unless none is near it', () => {
  for (const text of [
    '0.1',
    '1.10',
    '1e5',
    '21.300000000000001',
    '59.32938401234567891',
    '-0',
    '0.0',
    '1e23',
    '4.9e-324',
    '0e999',
    '9007199254740992.0',
    '1.7976931348623157e308',
  ]) {
    assert.equal(refusal(reject, `{"a":[${text}]}`), undefined, text);
    assert.equal(Number(through(reject, text)), Number(text) + 0, text);
  }
  for (const text of [
    '1e400',
    '-1e400',
    '1e-400',
    `0.${'0'.repeat(400)}1`,
    '9007199254740993.5',
    '12345678901234567.89',
  ]) {
    assert.deepEqual(refusal(reject, `{"a":[0,${text}]}`), ['NUMBER_UNSAFE', '/a/1'], text);
  }
});

test('a number is refused with a pointer to it, and never quoted', () => {
  const failure = failureOf(() => reject.decode(Buffer.from('{"a/b":[{"~":1},{"id":1724442618569203714}]}')));
  assert.equal(failure?.code, 'NUMBER_UNSAFE');
  assert.equal(failure?.place.pointer, '/a~1b/1/id');
  assert.equal(failure?.message, 'expected json, found an integer that a double does not hold at /a~1b/1/id');
  assert.match(failure?.remedy ?? '', /json: \{ numbers: exact \}/);
  const deep = failureOf(() => reject.decode(Buffer.from(`${'['.repeat(5000)}1e400${']'.repeat(5000)}`)));
  assert.deepEqual([deep?.code, deep?.place.pointer], ['NUMBER_UNSAFE', undefined]);
  assert.match(deep?.message ?? '', /at a place deep within$/);
});

test('exact: what a function passes on comes out character for character, whatever its numbers', () => {
  fc.assert(
    fc.property(jsonText(distinctKeys(), false), (text) => {
      assert.equal(through(exact, text), text);
    }),
    { numRuns: 1000 },
  );
});

test('exact: integers are bigints, of any size; what has a fraction or an exponent is a number', () => {
  assert.deepEqual(exact.decode(Buffer.from('{"id":1724442618569203714,"n":5,"x":1.5,"y":5.0,"z":5e0,"minus":-3}')), {
    id: 1724442618569203714n,
    n: 5n,
    x: 1.5,
    y: 5,
    z: 5,
    minus: -3n,
  });
  assert.equal(refusal(exact, '9'.repeat(MOST_DIGITS)), undefined);
  assert.deepEqual(refusal(exact, `[${'9'.repeat(MOST_DIGITS + 1)}]`), ['NUMBER_UNSAFE', '/0']);
});

test('exact: a decimal keeps its text wherever a function puts it, and loses it once it is another number', () => {
  const move = ({ lat, lon }: Record<string, number>): unknown => ({
    position: { latitude: lat, longitude: (lon ?? 0) + 1 },
  });
  assert.equal(
    through(exact, '{"lat":59.32938401234567891,"lon":18.00000}', move),
    '{"position":{"latitude":59.32938401234567891,"longitude":19}}',
  );
  assert.equal(
    through(exact, '{"price":1.10}', () => ({ price: 2.2 })),
    '{"price":2.2}',
  );
});

test('exact: where two decimals are one double each keeps its text at its own place, and no other place has either', () => {
  const text = '{"a":0.12345678901234567891,"b":[0.12345678901234567892]}';
  assert.equal(through(exact, text), text);
  assert.equal(
    through(exact, text, ({ b }: { b: number[] }) => ({ moved: b[0] })),
    '{"moved":0.12345678901234568}',
  );
});

test('exact: zero and infinity are nothing of the number that was read so, and stand for it at its own place alone', () => {
  const text = '{"tiny":1e-400,"vast":-1e400,"none":-0}';
  assert.equal(
    through(exact, text, (body: object) => ({ ...body })),
    text,
  );
  assert.equal(
    through(exact, text, (body: object) => ({ ...body, zero: 0 })),
    `${text.slice(0, -1)},"zero":0}`,
  );
  const moved = failureOf(() => through(exact, text, ({ vast }: { vast: number }) => ({ moved: vast })));
  assert.deepEqual([moved?.code, moved?.place.pointer], ['ENCODE_FAILED', '/moved']);
});

test('exact: what a message holds is forgotten with its bytes, and never taken for another one', () => {
  const [first, second] = [Buffer.from('[1.10]'), Buffer.from('[1.100]')];
  const [one, two] = [exact.decode(first), exact.decode(second)];
  assert.equal(Buffer.from(exact.encode(one, first)).toString(), '[1.10]');
  assert.equal(Buffer.from(exact.encode(two, second)).toString(), '[1.100]');
  assert.equal(Buffer.from(exact.encode(two)).toString(), '[1.1]');
});

test('round: the nearest double; of infinity, which is near to nothing, the message is refused', () => {
  assert.equal(through(round, '{"id":1724442618569203714}'), '{"id":1724442618569203700}');
  assert.equal(through(round, '[1e-400]'), '[0]');
  assert.deepEqual(refusal(round, '[1e400]'), ['NUMBER_UNSAFE', '/0']);
});

test('keep: bodies are doubles, but for those that hold a number which is none: these are read exactly', () => {
  assert.deepEqual(keep.decode(Buffer.from('{"id":5}')), { id: 5 });
  assert.deepEqual(keep.decode(Buffer.from('{"id":1724442618569203714,"n":5}')), { id: 1724442618569203714n, n: 5n });
});
