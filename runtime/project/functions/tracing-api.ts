import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const API = '@opentelemetry/api';

/**
 * `import ... from '@opentelemetry/api'` in a function resolves to the copy of the running runtime: what a second copy made before
 * tracing began would record nothing. `asFile`: into a bundle that holds the runtime too.
 */
export function tracingApi(asFile: 'external' | 'bundled'): Plugin {
  return {
    name: 'sluice-tracing-api',
    setup(build) {
      build.onResolve({ filter: /^@opentelemetry\/api$/ }, ({ kind }) => {
        // `require` takes no URL.
        if (kind !== 'import-statement' && kind !== 'dynamic-import') return undefined;
        const url = import.meta.resolve(API);
        return asFile === 'external' ? { path: url, external: true } : { path: fileURLToPath(url) };
      });
    },
  };
}
