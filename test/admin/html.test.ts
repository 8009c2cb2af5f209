import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { html } from '../../runtime/admin/html.ts';
import { traceLink } from '../../runtime/admin/page/words.ts';
import { HOSTILE } from './status-for-test.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

test('no text leaves its place: what a browser reads back is the text, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      const made = html`<b title="${text}">${text}</b>`.text;
      const [, title = '', content = ''] = /^<b title="([^"<>]*)">([^"<>]*)<\/b>$/u.exec(made) ?? [];
      assert.equal(title, content);
      const read = content.replaceAll(/&[^;]*;/g, (entity) => ENTITIES[entity] ?? assert.fail(entity));
      // What is not written as itself is written as an escape.
      assert.ok(read === text || read.includes('\\u') || !text.isWellFormed(), read);
      assert.doesNotMatch(made, /[\p{Cc}\p{Bidi_Control}]/u);
    }),
  );
});

test('a script, a quote, a turn of the direction and a half of a character are shown and do nothing', () => {
  assert.equal(
    html`<p>${HOSTILE}</p>`.text,
    '<p>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\u202egnp.\\u001b[2J\uFFFD</p>',
  );
});

test('HTML within HTML is not escaped again; nothing is nothing, and zero is a number', () => {
  assert.equal(html`${html`<i>${'&'}</i>`}${undefined}${false}${0}${['a', html`<br />`]}`.text, '<i>&amp;</i>0a<br />');
});

test('a link to a trace is made of a trace id alone', () => {
  const id = '0123456789abcdef0123456789abcdef';
  assert.equal(
    traceLink('http://127.0.0.1:16686', id)?.text,
    `<a href="http://127.0.0.1:16686/trace/${id}" rel="noreferrer">trace 01234567</a>`,
  );
  for (const [url, trace] of [
    [undefined, id],
    ['http://x', undefined],
    ['http://x', '../../evil'],
    ['http://x', `${id}"><script>`],
  ] as const) {
    assert.equal(traceLink(url, trace), undefined);
  }
});
