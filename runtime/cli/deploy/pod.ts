import { dirname } from 'node:path/posix';
import { CONTAINER_HOME, NODE, USER_ID } from './container.ts';
import { ADMIN_PORT, type Deployment, graceSeconds, NODE_WORDS, runWords } from './deployment.ts';
import { inHome, type NeededFile } from './needed-values.ts';

/** What Kubernetes takes as a name of a StatefulSet: it adds to it, and makes a label of that. */
const NAME = /^[a-z](?:[a-z0-9-]{0,50}[a-z0-9])?$/;

export const isKubernetesName = (name: string): boolean => NAME.test(name);

/** Names of the objects of a pipeline. */
export const names = (name: string) => ({ secrets: `${name}-env`, files: `${name}-files`, keda: `${name}-keda` });

const STATE = '/state';
const MIB = 1024 ** 2;
/** Node, the runtime and the clients; what is beyond is bodies of messages. */
const BASE_MIB = 256;
export const PORT = { name: 'admin', containerPort: ADMIN_PORT };

export function labelsOf(name: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': 'sluice-pipeline' };
}

/** The template of a pod. `hasClaim`: the volume of the state folder comes from a StatefulSet. */
export function podTemplate(deployment: Deployment, hasClaim: boolean): object {
  const { name } = deployment;
  return {
    metadata: { labels: labelsOf(name) },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: graceSeconds(deployment),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER_ID,
        runAsGroup: USER_ID,
        fsGroup: USER_ID,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [container(deployment)],
      volumes: [
        { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        ...(hasClaim ? [] : [{ name: 'state', emptyDir: {} }]),
        ...fileMounts(deployment).volumes,
      ],
    },
  };
}

function container(deployment: Deployment): object {
  const { name, image, windowBytes, spools } = deployment;
  const probe = (path: string, times: object): object => ({ httpGet: { path, port: PORT.name }, ...times });
  return {
    name: 'pipeline',
    image,
    command: [NODE, ...NODE_WORDS, `${CONTAINER_HOME}/${name}.mjs`],
    args: [...runWords(deployment, `${STATE}/${name}`, `0.0.0.0:${ADMIN_PORT}`)],
    envFrom: [{ configMapRef: { name } }],
    env: environment(deployment),
    ports: [PORT],
    startupProbe: probe('/startupz', { periodSeconds: 5, failureThreshold: 60 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, timeoutSeconds: 5 }),
    resources: {
      requests: { cpu: '500m', memory: `${BASE_MIB}Mi` },
      limits: { memory: `${BASE_MIB + 2 * Math.ceil(windowBytes / MIB)}Mi` },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'state', mountPath: STATE },
      ...spools.map((at, index) => ({
        name: 'state',
        mountPath: inHome(CONTAINER_HOME, at),
        subPath: `spool-${index + 1}`,
      })),
      { name: 'tmp', mountPath: '/tmp' },
      ...fileMounts(deployment).mounts,
    ],
  };
}

function environment({ name, variables, instances }: Deployment): readonly object[] {
  const secret = (key: string, optional = false): object => ({
    name: key,
    valueFrom: { secretKeyRef: { name: names(name).secrets, key, ...(optional && { optional }) } },
  });
  return [
    secret('SLUICE_ADMIN_TOKEN'),
    ...variables.filter(({ isSecret }) => isSecret).map((one) => secret(one.name, !one.isRequired)),
    ...[...instances.ownVariables].map((own) => ({
      name: own,
      valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
    })),
  ];
}

const item = ({ key, path }: NeededFile): object => ({ key, path: path.slice(path.lastIndexOf('/') + 1) });

/** A folder of its own for each folder of files, so that a renewed secret arrives; a file beside the bundle is mounted by itself. */
function fileMounts({ name, files }: Deployment): {
  readonly volumes: readonly object[];
  readonly mounts: readonly object[];
} {
  if (files.length === 0) return { volumes: [], mounts: [] };
  const byFolder = Map.groupBy(files, ({ path }) => dirname(inHome(CONTAINER_HOME, path)));
  const volumes: object[] = [];
  const mounts: object[] = [];
  for (const [folder, own] of byFolder) {
    const volume = `files-${volumes.length + 1}`;
    volumes.push({ name: volume, secret: { secretName: names(name).files, defaultMode: 0o440, items: own.map(item) } });
    if (folder !== CONTAINER_HOME && !CONTAINER_HOME.startsWith(`${folder}/`) && folder !== '/') {
      mounts.push({ name: volume, mountPath: folder, readOnly: true });
    } else {
      for (const { path } of own) {
        const at = inHome(CONTAINER_HOME, path);
        mounts.push({ name: volume, mountPath: at, subPath: at.slice(at.lastIndexOf('/') + 1), readOnly: true });
      }
    }
  }
  return { volumes, mounts };
}

/** Files that a renewed Secret does not reach while the pod runs. */
export function filesBesideBundle({ files }: Deployment): readonly string[] {
  return files.map(({ path }) => path).filter((path) => dirname(inHome(CONTAINER_HOME, path)) === CONTAINER_HOME);
}
