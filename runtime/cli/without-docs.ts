import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const FIELD_FILES = /[\\/]runtime[\\/]project[\\/]fields[\\/][\w-]+\.ts$/;
const DOC = /^( *doc: )(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),$/gm;

/** Empties the texts of docs/pipeline-file.md, which stand beside the words that they are about: 10 kB that a bundle never shows. */
export function withoutDocs(sources: string): Plugin {
  const fields = join(sources, 'runtime', 'project', 'fields');
  return {
    name: 'sluice-without-docs',
    setup(build) {
      build.onLoad({ filter: FIELD_FILES }, ({ path }) =>
        path.startsWith(fields)
          ? { contents: readFileSync(path, 'utf8').replaceAll(DOC, "$1'',"), loader: 'ts' }
          : undefined,
      );
    },
  };
}
