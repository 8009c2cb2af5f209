import assert from 'node:assert/strict';
import { secondValidator } from '../../runtime/guards/second-validator.ts';
import { TRACK, TRACK_HIGH } from './guard-fixture.ts';
import { HIGH, inspection } from './inspect-for-test.ts';

/** The only form in which anything may leave. */
const FORM =
  /^\{"id":"[a-z]{1,8}-[0-9]{1,4}","lat":-?\d{1,2}(?:\.\d{1,2})?,"lon":-?\d{1,3}(?:\.\d{1,2})?,"t":"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00Z"\}$/;

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\\u0022',
  'null',
  'true',
  '-0',
  '1e999',
  'NaN',
  '0x10',
  '01',
  '1.',
  '.5',
  '"__proto__":{"id":"x"},',
  '"constructor":{"prototype":{}},',
  '"id":"bravo-1",',
  '"seclabel":"1;p=urn:demo:ops;c=U;REL=*",',
  '"remarks":"SIGINT",',
  '/*x*/',
  '//',
  '\u0000',
  '\u200b',
  '\ufeff',
  '\u2028',
  '9007199254740993',
  '-',
  '1E400',
  '"T"',
  '2026-02-30',
  '24:00:00',
  '+99:99',
  ' ',
];
const BYTES = [
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xff],
  [0xfe, 0xff],
  [0xe2, 0x82],
  [0xf4, 0x90, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
  [0],
];
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  1e21,
  -180,
  90.001,
  180,
  1.005,
  1e-7,
  '',
  'alpha-7',
  'zulu-1',
  'ZULU-1',
  'alpha-7\n',
  'alpha-7 SECRET',
  '\u0430lpha-7',
  {},
  [],
  [[[[[]]]]],
  [1, 2, 3, 4, 5],
  'x'.repeat(300),
  '2026-11-28T10:15:42Z',
  '2026-11-28t10:15:42z',
  '2026-11-28 10:15:42Z',
  '2016-12-31T23:59:60Z',
  '2026-11-28T10:15:42.123456789+14:00',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  1764321342,
];
const NAMES = ['id', 'kind', 'lat', 'lon', 't', 'source', 'sensors', 'extra', 'ID', 'seclabel', 'toString', 'position'];

/** Deterministic: xorshift. */
function randomOf(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function pick<Item>(items: readonly Item[], random: (below: number) => number): Item {
  const item = items[random(items.length)];
  assert.ok(item !== undefined);
  return item;
}

function mutatedValue(random: (below: number) => number): Record<string, unknown> {
  const value: Record<string, unknown> = { ...TRACK };
  for (let changes = random(4); changes > 0; changes -= 1) {
    const name = pick(NAMES, random);
    if (random(5) === 0) delete value[name];
    else value[name] = random(8) === 0 ? { ...value } : VALUES[random(VALUES.length)];
  }
  return value;
}

function mutatedBytes(given: Buffer, random: (below: number) => number): Buffer {
  let bytes = given;
  for (let changes = 1 + random(3); changes > 0; changes -= 1) {
    const at = random(bytes.length + 1);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (random(6)) {
      case 0:
        bytes = Buffer.concat([before, Buffer.from(pick(PIECES, random)), behind]);
        break;
      case 1:
        bytes = Buffer.concat([before, Buffer.from(pick(BYTES, random)), behind]);
        break;
      case 2:
        bytes = Buffer.concat([before, behind.subarray(random(8))]);
        break;
      case 3:
        bytes = Buffer.concat([before, bytes.subarray(random(bytes.length + 1), at), behind]);
        break;
      case 4:
        bytes = Buffer.concat([before, Buffer.from([random(256)]), behind.subarray(1)]);
        break;
      default:
        bytes = Buffer.concat([before, Buffer.from(' \n\t'.repeat(random(3))), behind]);
    }
  }
  return bytes;
}

/** Inspects so many mutated messages: what leaves has the one form. Prints the seed and the input that fail. */
export function assertNothingElseLeaves(
  count: number,
  seed: number,
): { readonly left: number; readonly refused: number } {
  const random = randomOf(seed);
  const guard = inspection();
  const second = secondValidator(TRACK_HIGH);
  let left = 0;
  for (let at = 0; at < count; at += 1) {
    const value = mutatedValue(random);
    const whole = Buffer.from(JSON.stringify(value));
    const input = random(3) === 0 ? whole : mutatedBytes(whole, random);
    const where = `seed ${seed}, message ${at}: ${input.toString('base64')}`;
    const { output, reason, steps } = guard.inspect(input);
    if (second(value) === undefined)
      assert.ok(HIGH(value), `the second validator takes what the first refuses: ${where}`);
    if (output === undefined) {
      assert.ok(reason !== undefined && steps.at(-1)?.r === 'fail', where);
      continue;
    }
    left += 1;
    const text = output.bytes.toString();
    assert.match(text, FORM, where);
    assert.ok(!/zulu/i.test(text), where);
    assert.equal(guard.inspect(input).output?.digest, output.digest, `not the same decision: ${where}`);
  }
  return { left, refused: count - left };
}
