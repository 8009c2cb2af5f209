import type { Plugin } from 'esbuild';

const BUSES = /[\\/]runtime[\\/]buses[\\/]/;

/** Leaves out of a bundle what only commands on the project's sources need of a bus: its rights (`acl`), its scaling (`build`). */
export const withoutAccess: Plugin = {
  name: 'without-access',
  setup(build) {
    const namespace = 'without-access';
    build.onResolve({ filter: /\/(access\/[\w-]+|scaling)\.ts$/ }, ({ importer, path }) =>
      BUSES.test(importer) ? { path, namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, () => ({
      contents: 'export const access = undefined, scaling = undefined;',
      loader: 'js',
    }));
  },
};
