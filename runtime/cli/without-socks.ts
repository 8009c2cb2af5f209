import type { Plugin } from 'esbuild';
import { NAMESPACE } from '../project/functions/lazy-builtins.ts';

const CLIENT = /[\\/]node_modules[\\/]mqtt[\\/]/;

/** Leaves the SOCKS proxy of the MQTT client out of a bundle: 71 kB that the driver refuses to use. A function may import it for itself. */
export const withoutSocks: Plugin = {
  name: 'without-socks',
  setup(build) {
    build.onResolve({ filter: /^socks$/ }, ({ importer }) =>
      CLIENT.test(importer) ? { path: 'net', namespace: NAMESPACE } : undefined,
    );
  },
};
