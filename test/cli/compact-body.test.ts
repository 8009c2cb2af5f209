import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { bundleText } from '../../runtime/cli/bundle-entry.ts';
import { compactBody } from '../../runtime/cli/compact-body.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

/** A text of a project that looks like the begin and the end of a module, and as one that looks like a comment. */
const TEXT = 'a\n});\n//b\n\n////c\r\nd\n';

async function bodyOf(text: string) {
  const contents = `const { text } = await import('apart'); export default text;`;
  const { outputFiles } = await build({
    stdin: { contents },
    bundle: true,
    format: 'esm',
    outfile: 'body.mjs',
    minifySyntax: true,
    minifyIdentifiers: true,
    sourcemap: 'external',
    write: false,
    plugins: [
      {
        name: 'apart',
        setup(made) {
          made.onResolve({ filter: /^apart$/ }, ({ path }) => ({ path, namespace: 'apart' }));
          made.onLoad({ filter: /.*/, namespace: 'apart' }, () => ({ contents: `export const text = \`${text}\`;` }));
        },
      },
    ],
  });
  const file = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return compactBody({ code: file('.mjs'), map: file('.map') }, 'body');
}

test('a module of a body stands in parentheses, and its texts are as they were', async () => {
  const hinted = await bodyOf('plain');
  assert.match(hinted.code, /=[\w$]+\(\(\(\)=>\{/);
  for (const [text, { code }] of [
    ['plain', hinted],
    [TEXT, await bodyOf(TEXT.replace('\r', String.raw`\r`))],
  ] as const) {
    using folder = temporaryFolder('body');
    const file = join(folder.path, 'body.mjs');
    writeFileSync(file, code);
    const { default: found }: { default: unknown } = await import(file);
    assert.equal(found, text);
  }
});

test('a body comes back from the lines of a bundle as it was, at the lines that it had', () => {
  const body = `\nfirst\n${TEXT}//# end\n`;
  const text = bundleText('head\n', body);
  assert.match(text, /^head\n\/\/first\n\/\/a\n/);
  assert.equal(text.slice(text.indexOf('\n')).replaceAll(/^\/\//gm, ''), body);
});
