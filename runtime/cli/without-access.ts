import type { Plugin } from 'esbuild';

/** A folder of the bus, or a file, with the name of the member that it holds. */
const HOMES = /\/(access|watch|doctor|scaling|log-replay)(?:\/[\w-]+)?\.ts$/;
/** Where the member has another name. */
const MEMBERS: Readonly<Record<string, string>> = { 'log-replay': 'logReplay' };
const BUSES = /[\\/]runtime[\\/]buses[\\/]/;

/**
 * Leaves out of a bundle what only commands on a project use of the buses: rights (`acl`), watchers (`tail`), checks (`doctor`),
 * scaling (`build`) and what reads a log again (`replay`).
 */
export const withoutAccess: Plugin = {
  name: 'without-access',
  setup(build) {
    const namespace = 'without-access';
    build.onResolve({ filter: HOMES }, ({ importer, path }) =>
      BUSES.test(importer) ? { path: HOMES.exec(path)?.[1] ?? '', namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `export const ${MEMBERS[path] ?? path} = undefined;`,
      loader: 'js',
    }));
  },
};
