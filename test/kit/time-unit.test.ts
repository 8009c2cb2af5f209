import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countOf, likelyUnit, TIME_UNITS, unitMs } from '../../runtime/kit/time-unit.ts';

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const NANOSECONDS = { s: 9, ms: 6, us: 3, ns: 0 } as const;
const unit = fc.constantFrom(...TIME_UNITS);
const time = fc.bigInt({ min: 0n, max: BigInt(LAST_MS) * 1_000_000n + 999_999n });

test('a number of any unit is cut to its millisecond, whatever a double makes of it', () => {
  const isCut = (nanoseconds: bigint, of: (typeof TIME_UNITS)[number]): void => {
    const places = NANOSECONDS[of];
    const digits = String(nanoseconds).padStart(places + 1, '0');
    const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
    assert.equal(unitMs(text, of), Number(nanoseconds / 1_000_000n), `${text} ${of}`);
    if (places > 0) assert.equal(unitMs(text.replace(/\.?0+$/, ''), of), Number(nanoseconds / 1_000_000n));
  };
  fc.assert(fc.property(time, unit, isCut));
  assert.equal(unitMs('1795708521.377', 's'), 1_795_708_521_377);
  assert.equal(unitMs('1.005', 's'), 1005);
  assert.equal(Math.floor(Number('1.005') * 1000), 1004, 'what a double makes of it');
});

test('a number of a body is read as JavaScript writes it, with an exponent too', () => {
  const isWhole = (number: number, of: (typeof TIME_UNITS)[number]): void => {
    assert.ok(Number.isInteger(unitMs(String(number), of)), `${number} ${of}`);
  };
  fc.assert(fc.property(fc.double({ min: 0, max: LAST_MS, noNaN: true }), unit, isWhole));
  assert.equal(unitMs(String(1.764e12), 'ms'), 1_764_000_000_000);
  assert.equal(unitMs(String(1e-7), 's'), 0);
  assert.equal(unitMs(String(1e21), 'ns'), 1e15);
});

test('a text that is no decimal number has no unit, and a negative number is before every time', () => {
  for (const none of [
    '',
    ' ',
    '.',
    '1.',
    '.5',
    '+1',
    ' 1',
    '1 ',
    '1e12',
    '1E12',
    '0x1',
    '0b1',
    '1_000',
    '1,5',
    '١',
    'NaN',
    '-Infinity',
    '1n',
  ]) {
    for (const of of TIME_UNITS) assert.equal(unitMs(none, of), undefined, none);
  }
  for (const negative of ['-1', '-0.5', '-12', String(-1e-7), String(-1e300)]) {
    for (const of of TIME_UNITS) assert.equal(unitMs(negative, of), -Infinity, negative);
  }
});

test('a time of these decades is a plausible one in its own unit alone', () => {
  const decades = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) });
  const isFound = (ms: number, written: (typeof TIME_UNITS)[number], read: (typeof TIME_UNITS)[number]): void => {
    const found = likelyUnit(unitMs(countOf(ms, written).toFixed(0), read) ?? Number.NaN, read);
    assert.equal(found, written);
  };
  fc.assert(fc.property(decades, unit, fc.constantFrom('s', 'ms'), isFound));
  assert.equal(likelyUnit(0, 'ms'), undefined);
  assert.equal(likelyUnit(Infinity, 'ms'), undefined);
});
