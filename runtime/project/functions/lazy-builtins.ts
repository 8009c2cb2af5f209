import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

export const NAMESPACE = 'node-builtin';

/**
 * Loaded at their first use only: clients import them, and many a pipeline does not need them. `node:tls` takes 6 ms. On Node 22
 * `node:sqlite` prints a warning, which its first user keeps back (store/sqlite.ts).
 */
const LAZY: readonly string[] = ['child_process', 'dns', 'http', 'http2', 'https', 'readline', 'sqlite', 'tls'];

/**
 * In a bundle, Node's modules are called for and not imported. An `import` is linked before any code of the bundle runs, and
 * reads every name of the module, also those that load others: with `import 'node:http'` the whole of `fetch` is loaded,
 * which takes 25 ms.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^node:/, ''), namespace: NAMESPACE } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({ contents: stub(path) }));
  },
};

/** CommonJS. A name is read at each use: a value that the module changes is never an old one. */
function stub(path: string): string {
  const name = `node:${path}`;
  const call = `process.getBuiltinModule(${JSON.stringify(name)})`;
  if (!LAZY.includes(path)) return `module.exports = ${call};`;
  const names = Object.getOwnPropertyNames(process.getBuiltinModule(name)).join();
  return `let loaded;
const load = () => loaded ??= ${call};
for (const name of ${JSON.stringify(names)}.split(','))
  Object.defineProperty(exports, name, { enumerable: true, get: () => load()[name], set: (value) => { load()[name] = value; } });
`;
}
