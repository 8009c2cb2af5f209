import fc from 'fast-check';

/** Every number that JSON can write, the odd ones often. */
export const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).map(String),
  fc.integer({ min: 50, max: 1100 }).map((power) => String(2n ** BigInt(power))),
  fc.constantFrom(
    '-0',
    '0',
    '0.0',
    '-0.0e5',
    '1e400',
    '-1e400',
    '1e-400',
    '4.9e-324',
    '1.10',
    '1E5',
    '0e999',
    '21.300000000000001',
  ),
  fc.constantFrom(
    '9007199254740993.5',
    '9007199254740992.0',
    '59.32938401234567891',
    '1152921504606846976',
    '1152921504606847000',
  ),
  fc.integer({ min: 190, max: 400 }).map((zeros) => `0.${'0'.repeat(zeros)}1`),
  fc
    .tuple(
      fc.boolean(),
      fc.bigInt({ min: 0n, max: 10n ** 25n }),
      fc.string({ unit: digit(), maxLength: 25 }),
      exponent(),
    )
    .map(
      ([isNegative, whole, fraction, power]) => `${isNegative ? '-' : ''}${whole}${fraction && `.${fraction}`}${power}`,
    ),
);

function digit(): fc.Arbitrary<string> {
  return fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
}

function exponent(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(''),
    fc
      .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.integer({ min: 0, max: 420 }))
      .map((parts) => parts.join('')),
  );
}

/** Texts that look like the ends of keys, numbers and names that matter. */
export const stringText: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('":', '" :', '\\":', '\\', 'e-400', '12:30:00', ' : ', '__proto__', 'a-b', '{"a":1}'),
  )
  .filter((text) => text.isWellFormed())
  .map((text) => JSON.stringify(text));

const space = fc.constantFrom('', '', '', ' ', '\n\t ');

/** A text of JSON; its keys come out of `keys`, so that they may stand twice. */
export function jsonText(keys: fc.Arbitrary<string>, isSpaced: boolean): fc.Arbitrary<string> {
  const gap = isSpaced ? space : fc.constant('');
  return fc.letrec<{ readonly value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(numberText, stringText, fc.constantFrom('true', 'false', 'null')),
      fc
        .tuple(gap, fc.array(fc.tuple(gap, tie('value'), gap), { maxLength: 4 }))
        .map(([inner, items]) => `[${items.length === 0 ? inner : items.map((item) => item.join('')).join(',')}]`),
      fc
        .tuple(gap, fc.array(fc.tuple(gap, keys, gap, fc.constant(':'), gap, tie('value'), gap), { maxLength: 4 }))
        .map(
          ([inner, members]) => `{${members.length === 0 ? inner : members.map((parts) => parts.join('')).join(',')}}`,
        ),
    ),
  })).value;
}

/** Keys that no body has twice: each is another. */
export function distinctKeys(): fc.Arbitrary<string> {
  let made = 0;
  return stringText.map((text) => {
    made += 1;
    return `"k${made} ${text.slice(1)}`;
  });
}
