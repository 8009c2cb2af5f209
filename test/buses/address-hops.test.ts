import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AddressGrammar } from '#contract/bus.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { compileTemplate } from '../../runtime/template/compile-template.ts';
import { awkwardText } from '../conformance/awkward-text.ts';
import { SHAPES } from './topic-shapes.ts';
import { frameForTest } from '../engine/route-for-test.ts';

const GRAMMARS = Object.fromEntries([...catalog.buses.values()].map(({ name, grammar }) => [name, grammar]));
const NAMES = Object.keys(GRAMMARS);
const grammarOf = (name: string): AddressGrammar => GRAMMARS[name] ?? assert.fail(name);

/** For what does not begin an address. */
const innerOf = (name: string): Pick<AddressGrammar, 'encode' | 'decode'> => grammarOf(name).inner ?? grammarOf(name);

/** What a route from one bus to the other makes of an address by this template; `{N}` stands for a field of the source. */
function over(from: string, to: string, template: string, address: string): string {
  const [source, target] = [grammarOf(from), grammarOf(to)];
  const text = template.replaceAll(/\{(\d)/g, `{${source.word}.$1`).replaceAll('/', target.separator);
  const fill = compileTemplate(text, { route: 'r', source, target, missing: 'ADDRESS_INVALID' });
  const frame = frameForTest(address, '');
  return fill({ ...frame, id: 'i', key: undefined, body: undefined, origin: frame });
}

for (const far of NAMES) {
  test(`mqtt to ${far} and back: a tree of topics arrives as it was, with every empty level`, () => {
    for (const topic of SHAPES) {
      const there = over('mqtt', far, '{0+}', topic);
      assert.equal(grammarOf(far).flaw(there), undefined, `${topic} as ${there}`);
      assert.equal(over(far, 'mqtt', '{0+}', there), topic);
    }
  });

  test(`mqtt to ${far} and back: a tree is put below another and taken out again`, () => {
    for (const topic of [...SHAPES, 'fleet', 'fleet/']) {
      const there = over('mqtt', far, 'mirror/{0+}', topic);
      assert.equal(grammarOf(far).flaw(there), undefined, `${topic} as ${there}`);
      assert.equal(over(far, 'mqtt', '{1+}', there), topic);
    }
  });
}

test('a topic whose tree ends at the prefix keeps it, and an empty level behind it is another one', () => {
  assert.deepEqual(
    ['a', 'a/', 'a/b'].map((topic) => over('mqtt', 'mqtt', 'mirror/{1+}', topic)),
    ['mirror', 'mirror/', 'mirror/b'],
  );
});

test('a level is the same value after any way over two or three buses', () => {
  const level = awkwardText.filter(
    (text) => text.length < 40 && text.replaceAll(/[\udc80-\udcff]/gu, '').isWellFormed(),
  );
  const way = fc.array(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(level, way, (value, [first = '', ...others]) => {
      let at = first;
      let address = `t${grammarOf(at).separator}${innerOf(at).encode(value)}`;
      for (const next of others) {
        address = over(at, next, 't/{1}', address);
        at = next;
      }
      const { separator } = grammarOf(at);
      assert.equal(innerOf(at).decode(address.slice(1 + separator.length)), value);
    }),
    { numRuns: 2000 },
  );
});

test('a topic of a stranger is the same topic after any way over two or three buses', () => {
  const plain = fc.string({
    unit: fc.constantFrom('a', 'Z', '5', '.', '-', '_', '%', '2', 'E', 'F', ' ', '*', '>', 'ä'),
    maxLength: 8,
  });
  const way = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(plain, plain, way, (one, other, names) => {
      const topic = `fleet/${one}/${other}`;
      let [at, address] = ['mqtt', topic];
      for (const next of [...names, 'mqtt']) {
        address = over(at, next, '{0+}', address);
        at = next;
      }
      assert.equal(address, topic);
    }),
    { numRuns: 2000 },
  );
});
