import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { catalog } from '../../runtime/host/catalog.ts';
import { awkwardText } from './awkward-text.ts';

/** Where a template may put a value: alone, between separators, in the midst of text. */
function templates(separator: string): ((value: string) => string)[] {
  return [
    (value) => `fleet${separator}${value}`,
    (value) => `fleet${separator}${value}${separator}status`,
    (value) => `fleet${separator}unit-${value}-a`,
  ];
}

const levels = (separator: string, address: string): number => (separator === '' ? 1 : address.split(separator).length);

for (const { name, grammar } of catalog.buses.values()) {
  test(`${name}: a value in an address, whatever it holds, makes it flawless or too long, and adds no level`, () => {
    fc.assert(
      fc.property(awkwardText, (value) => {
        fc.pre(value !== '');
        for (const template of templates(grammar.separator)) {
          const address = template(grammar.encode(value));
          const flaw = grammar.flaw(address);
          if (flaw !== undefined) assert.match(flaw, /^more than \d+ (bytes|characters)/);
          if (value.length <= 20) assert.equal(flaw, undefined);
          assert.equal(levels(grammar.separator, address), levels(grammar.separator, template('x')));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test(`${name}: two values never make one text, whatever they hold`, () => {
    fc.assert(
      fc.property(awkwardText, awkwardText, (one, other) => {
        fc.pre(one !== other && one.isWellFormed() && other.isWellFormed());
        assert.notEqual(grammar.encode(one), grammar.encode(other));
        // Nor does a value that looks encoded pass for what was made of another.
        const made = grammar.encode(one);
        if (made !== one) assert.notEqual(grammar.encode(made), made);
      }),
      { numRuns: 1000 },
    );
  });

  test(`${name}: a flaw is named without what else stands in the address`, () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        const flaw = grammar.flaw(`credential${text}`);
        assert.ok(flaw === undefined || (flaw.length < 100 && !flaw.includes('credential')));
      }),
    );
  });
}
