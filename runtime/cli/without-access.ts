import type { Plugin } from 'esbuild';

const BUSES = /[\\/]runtime[\\/]buses[\\/]/;

/** Leaves out of a bundle what `sluice acl` and `sluice doctor` need of the buses: both work from the project's sources. */
export const withoutAccess: Plugin = {
  name: 'without-access',
  setup(build) {
    const namespace = 'without-access';
    build.onResolve({ filter: /\/(access|doctor)\/[\w-]+\.ts$/ }, ({ importer, path }) =>
      BUSES.test(importer) ? { path, namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, () => ({
      contents: 'export const access = undefined; export const doctor = undefined;',
      loader: 'js',
    }));
  },
};
