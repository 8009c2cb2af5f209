import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '#kit/canonical-json.ts';

test('the vectors of RFC 8785 come out byte for byte', () => {
  const value: unknown = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  );
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const names = {
    '\u20ac': 'Euro',
    '\r': 'CR',
    '\ufb33': 'Dalet',
    '1': 'One',
    '\ud83d\ude00': 'Smiley',
    '\u0080': 'C',
    ö: 'O',
    '10': 'Ten',
    '9': 'Nine',
  };
  assert.equal(
    canonicalJson(names),
    '{"\\r":"CR","1":"One","10":"Ten","9":"Nine","\u0080":"C","ö":"O","€":"Euro","😀":"Smiley","\ufb33":"Dalet"}',
  );
});

test('what JSON cannot hold is refused, and minus zero is zero', () => {
  assert.equal(canonicalJson([-0]), '[0]');
  for (const wrong of [NaN, Infinity, 1n, undefined, () => 1, '\ud800', { '\udc00': 1 }, [undefined]]) {
    assert.throws(() => canonicalJson(wrong), TypeError);
  }
});
