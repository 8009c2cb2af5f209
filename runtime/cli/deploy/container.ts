import { VERSION } from '#contract/version.ts';
import { ADMIN_PORT, type Deployment, NODE_WORDS, runWords } from './deployment.ts';

/** The current LTS line of Node, by its major version: rebuilding takes its last patch. */
const BASE = 'gcr.io/distroless/nodejs24-debian13:nonroot';
/** The user `nonroot` of the base. */
export const USER_ID = 65_532;
export const CONTAINER_HOME = '/app';
export const NODE = '/nodejs/bin/node';
/** The home of `nonroot`, which the base makes for it: the base has no shell that could make another folder. */
const STATE = '/home/nonroot';

const list = (words: readonly string[]): string => JSON.stringify(words);

/** Files of the bundle that the image holds, the bundle first. */
export function imageFiles(name: string): readonly string[] {
  return [`${name}.mjs`, `${name}.mjs.map`, `${name}.manifest.json`, `${name}.licences.txt`];
}

/** The text of a Dockerfile whose context is the folder of the bundle. */
export function dockerfile(deployment: Deployment): string {
  const { name, hash } = deployment;
  const probe = `fetch('http://127.0.0.1:${ADMIN_PORT}/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;
  return `# Pipeline ${name}, made by sluice build --container. Node alone, no shell, no package manager, no root.
FROM ${BASE}
LABEL org.opencontainers.image.title="${name}" \\
      org.opencontainers.image.description="Sluice pipeline ${name}" \\
      org.opencontainers.image.version="${hash.slice(0, 12)}" \\
      dev.sluice.version="${VERSION}" \\
      dev.sluice.bundle.sha256="${hash}"
WORKDIR ${CONTAINER_HOME}
# Of root, readable by all: the process cannot change its own code.
COPY --chown=0:0 --chmod=0444 ${imageFiles(name).join(' ')} ${CONTAINER_HOME}/
USER ${USER_ID}:${USER_ID}
# The state folder: dead letters, spools, processed ids. Everything else of the root may be read-only; /tmp takes Node's compile cache.
VOLUME ["${STATE}"]
STOPSIGNAL SIGTERM
# The event loop turns. It does not look at brokers: a restart would not mend them.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ${list([NODE, '-e', probe])}
ENTRYPOINT ${list([NODE, ...NODE_WORDS, `${CONTAINER_HOME}/${name}.mjs`])}
CMD ${list(runWords(deployment, `${STATE}/${name}`, `127.0.0.1:${ADMIN_PORT}`))}
`;
}

/** The text of NAME.Dockerfile.dockerignore: nothing but the files of this pipeline reaches the builder. */
export function dockerignore(name: string): string {
  return ['*', ...imageFiles(name).map((file) => `!${file}`), ''].join('\n');
}
