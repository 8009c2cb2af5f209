import type { Plugin } from 'esbuild';

const BUSES = /[\\/]runtime[\\/]buses[\\/]/;

/** Leaves out of a bundle what only commands on a project use: rights (`sluice acl`), watchers (`sluice tail`) and checks (`sluice doctor`) of the buses. */
export const withoutAccess: Plugin = {
  name: 'without-access',
  setup(build) {
    const namespace = 'without-access';
    build.onResolve({ filter: /\/(access|watch|doctor)\/[\w-]+\.ts$/ }, ({ importer, path }) =>
      BUSES.test(importer) ? { path: /\/(access|watch|doctor)\//.exec(path)?.[1] ?? 'access', namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `export const ${path} = undefined;`,
      loader: 'js',
    }));
  },
};
