import assert from 'node:assert/strict';
import type { Codec, CodecKind, NumberRule } from '../../runtime/contract/codec.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

export function under(codec: CodecKind, numbers: NumberRule, depth = 1000): Codec {
  return codec.under?.({ numbers, depth }) ?? codec;
}

export function refusal(run: () => unknown): SluiceError {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof SluiceError, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: 'expected a refusal' });
}
