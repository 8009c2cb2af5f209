import type { Plugin } from 'esbuild';

const BUSES = /[\\/]runtime[\\/]buses[\\/]/;

/** Leaves the rights of the buses out of a bundle: `sluice acl` writes them, from the project's sources. */
export const withoutAccess: Plugin = {
  name: 'without-access',
  setup(build) {
    const namespace = 'without-access';
    build.onResolve({ filter: /\/access\/[\w-]+\.ts$/ }, ({ importer, path }) =>
      BUSES.test(importer) ? { path, namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, () => ({ contents: 'export const access = undefined;', loader: 'js' }));
  },
};
