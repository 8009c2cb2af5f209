import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnyLabel, EVERYONE, type LabelValue, TOP, type Values } from '../../runtime/labels/label-value.ts';
import { dominates, join } from '../../runtime/labels/lattice.ts';
import { brokenRule } from '../../runtime/labels/rules.ts';
import { LabelReader } from '../../runtime/labels/wire-label.ts';
import { VirtualClock } from '../engine/virtual-clock.ts';
import { demoPolicy } from './demo-policy.ts';

const policy = demoPolicy();
const reader = new LabelReader(policy);

function textOf(label: AnyLabel): string {
  return label === TOP ? 'TOP' : label.text;
}

test('200,000 random triples: join is commutative, associative, idempotent and the least upper bound', () => {
  const { random } = new VirtualClock(20_261_127);
  const pick = (): LabelValue => {
    for (;;) {
      const label = policy.label(
        oneOf(random, [...policy.classifications.values()]),
        policy.categories.map(someValues),
      );
      if (brokenRule(policy, label) === undefined) return label;
    }
  };
  const someValues = ({ type, values }: (typeof policy.categories)[number]): Values => {
    if (type === 'permissive' && random() < 0.2) return EVERYONE;
    const share = random();
    return [...values].filter(() => random() < share).toSorted();
  };
  // Triples of a bounded choice: to make a label costs as much as all laws of it.
  const choice = Array.from({ length: 3000 }, pick);
  for (let count = 0; count < 200_000; count += 1) {
    const [a, b, c] = [oneOf(random, choice), oneOf(random, choice), oneOf(random, choice)];
    const joined = join(a, b);
    if (joined === TOP) assert.fail('a join within one policy has no label');
    if (textOf(joined) !== textOf(join(b, a))) assert.fail(`not commutative: ${textsOf(a, b, c)}`);
    if (textOf(join(joined, c)) !== textOf(join(a, join(b, c)))) assert.fail(`not associative: ${textsOf(a, b, c)}`);
    if (join(a, a) !== a) assert.fail(`not idempotent: ${textsOf(a, b, c)}`);
    if (!dominates(joined, a) || !dominates(joined, b)) assert.fail(`no upper bound: ${textsOf(a, b, c)}`);
    if (dominates(c, a) && dominates(c, b) && !dominates(c, joined)) assert.fail(`not the least: ${textsOf(a, b, c)}`);
    if (dominates(a, b) && dominates(b, c) && !dominates(a, c)) assert.fail(`not transitive: ${textsOf(a, b, c)}`);
    if (brokenRule(policy, joined) !== undefined) assert.fail(`a rule is broken by joining: ${textsOf(a, b, c)}`);
    if (reader.read(joined.text).label.text !== joined.text)
      assert.fail(`does not read what it wrote: ${textsOf(a, b, c)}`);
  }
});

function textsOf(...labels: readonly LabelValue[]): string {
  return labels.map(({ text }) => text).join(' | ');
}

function oneOf<T>(random: () => number, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  assert.ok(item !== undefined);
  return item;
}
