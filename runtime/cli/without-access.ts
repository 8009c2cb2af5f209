import type { Plugin } from 'esbuild';

const BUSES = /[\\/]runtime[\\/]buses[\\/]/;

/** Leaves out of a bundle what the buses have for `sluice acl` and `sluice replay`, which work from the project's sources. */
export const withoutAccess: Plugin = {
  name: 'without-access',
  setup(build) {
    const namespace = 'without-access';
    build.onResolve({ filter: /\/(access\/[\w-]+|log-replay)\.ts$/ }, ({ importer, path }) =>
      BUSES.test(importer) ? { path, namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, () => ({
      contents: 'export const access = undefined, logReplay = undefined;',
      loader: 'js',
    }));
  },
};
