import type { Plugin } from 'esbuild';

const BUSES = /[\\/]runtime[\\/]buses[\\/]/;

/** Leaves out of a bundle what only commands on a project use: the rights of the buses (`sluice acl`), and their watchers (`sluice tail`). */
export const withoutAccess: Plugin = {
  name: 'without-access',
  setup(build) {
    const namespace = 'without-access';
    build.onResolve({ filter: /\/(access|watch)\/[\w-]+\.ts$/ }, ({ importer, path }) =>
      BUSES.test(importer) ? { path: path.includes('/watch/') ? 'watch' : 'access', namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `export const ${path} = undefined;`,
      loader: 'js',
    }));
  },
};
