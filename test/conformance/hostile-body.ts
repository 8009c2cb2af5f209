/** Bodies that a broken or hostile publisher sends, by a number: each kind comes up again and again, the large ones rarely. */
export function hostileBody(number: number): Buffer {
  if (number % 200 === 0) return large(number / 200);
  return Buffer.from(SMALL[number % SMALL.length] ?? '');
}

/** Each some hundred kilobytes. */
function large(number: number): Buffer {
  switch (number % 4) {
    case 0:
      return Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    case 1:
      return Buffer.from(`{${Array.from({ length: 20_000 }, (_, at) => `"k${at}":${at}`).join(',')}}`);
    case 2:
      return Buffer.from(JSON.stringify({ text: 'x'.repeat(300_000), n: number }));
    default:
      return Buffer.alloc(300_000, number);
  }
}

const SMALL = [
  '',
  ' ',
  '{',
  '{"kind":"good","n":1',
  '[1,2',
  '"',
  'null',
  'true',
  '-',
  'NaN',
  '1e400',
  '{"n":1724442618569203714}',
  '{"a":1,"a":2}',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":null,"hasOwnProperty":1,"length":-1}',
  '{"kind":{"toJSON":"x"}}',
  '{"a":"\\ud800"}',
  '\ufeff{"kind":"bom"}',
  '{"a":"\u0000"}',
  Buffer.from([0xff, 0xfe, 0x00, 0x80]).toString('latin1'),
  '[]'.repeat(50),
  '{"kind":"throws"}',
  '{"kind":"none"}',
] as const;
