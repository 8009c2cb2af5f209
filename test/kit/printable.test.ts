import assert from 'node:assert/strict';
import { test } from 'node:test';
import { harmless, visible } from '../../runtime/kit/printable.ts';

test('a text that a person judges shows what a terminal would execute, turn around or hide', () => {
  const text = 'a\u001b[2J\u202eb\u200bc\u00add\u{e0041}e\ufe0ff \u00fc\u{1f6a2}';
  assert.equal(harmless(text), 'a\\u001b[2J\\u202eb\u200bc\u00add\u{e0041}e\ufe0ff \u00fc\u{1f6a2}');
  assert.equal(visible(text), 'a\\u001b[2J\\u202eb\\u{200b}c\\u{ad}d\\u{e0041}e\\u{fe0f}f \u00fc\u{1f6a2}');
});
