import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patient } from '../harness/patience.ts';
import { jsonUnder } from '../../runtime/codecs/json.ts';
import type { NumberRule } from '../../runtime/contract/codec.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { startMemoryRun } from '../host/memory-run.ts';

const RULES: readonly NumberRule[] = ['reject', 'exact', 'round', 'keep'];

function lists(levels: number, inner = '1'): string {
  return '['.repeat(levels) + inner + ']'.repeat(levels);
}

function refusal(numbers: NumberRule, depth: number, text: string): SluiceError | undefined {
  try {
    jsonUnder({ numbers, depth }).decode(Buffer.from(text));
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError);
    return thrown;
  }
}

test('json: a body of as many levels as the route allows is read, one of more is refused, under each rule for numbers', () => {
  for (const numbers of RULES) {
    for (const depth of [1, 2, 50, 499, 500, 501, 502, 1000]) {
      for (const inner of ['1', '', '1.10', '9007199254740993e0']) {
        assert.equal(refusal(numbers, depth, lists(depth, inner)), undefined, `${numbers} ${depth} ${inner}`);
        assert.equal(refusal(numbers, depth, lists(depth + 1, inner))?.code, 'BODY_TOO_DEEP', `${numbers} ${depth}`);
      }
      assert.equal(refusal(numbers, depth, '7'), undefined);
    }
  }
});

test('json: empty lists and objects are levels too, and the pointer leads to the first that is too deep', () => {
  const found = refusal('reject', 2, '{"a":{"b":1},"c":{"d":[]},"e":[[[]]]}');
  assert.equal(found?.message, 'expected json, found more than 2 levels at /c/d');
  assert.equal(found?.place.pointer, '/c/d');
  assert.equal(refusal('exact', 1, '{"s3cret":[]}')?.message, 'expected json, found more than 1 levels at /s3cret');
});

test('json: a million levels are refused before anything walks them, and quickly', () => {
  const startMs = performance.now();
  for (const numbers of RULES) assert.equal(refusal(numbers, 1000, lists(1_000_000))?.code, 'BODY_TOO_DEEP');
  assert.ok(performance.now() - startMs < patient(5000));
});

test('json: depth of a route makes a deeper body a dead letter, and what it does not read passes', async () => {
  const files = { 'functions/f.ts': 'export default (body) => body;' };
  await using run = await startMemoryRun({ files, stages: [{ function: 'f' }], route: { json: { depth: 3 } } });
  await run.publish('a', lists(4));
  await run.publish('a', lists(3));
  assert.equal(Buffer.from((await run.take(1))[0]?.body ?? []).toString(), lists(3));
  await run.rest(2);
  const [letter] = run.letters();
  assert.deepEqual([letter?.['code'], letter?.['stage']], ['BODY_TOO_DEEP', 'decode']);
  await using blind = await startMemoryRun({ route: { json: { depth: 3 } } });
  await blind.publish('a', lists(4));
  assert.equal(Buffer.from((await blind.take(1))[0]?.body ?? []).toString(), lists(4));
});
