import { ADMIN_PORT, type Deployment } from './deployment.ts';
import type { Manifest } from './manifest-text.ts';
import { networkPolicy } from './network-policy.ts';
import { filesBesideBundle, labelsOf, names, podTemplate } from './pod.ts';
import { scaledObject, unscalable } from './scaled-object.ts';

export interface KubernetesFiles {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly manifests: readonly Manifest[];
  /** For clusters with KEDA; empty where there is no truthful trigger. */
  readonly keda: readonly Manifest[];
}

/** A volume of its own for each process where something must outlive it. */
export function kindOf({ instances }: Deployment): KubernetesFiles['kind'] {
  return instances.state.length > 0 ? 'StatefulSet' : 'Deployment';
}

/** `document`: the pipeline as written. */
export function kubernetesFiles(deployment: Deployment, document: unknown): KubernetesFiles {
  const kind = kindOf(deployment);
  return {
    kind,
    manifests: [
      configMap(deployment),
      service(deployment),
      kind === 'StatefulSet' ? statefulSet(deployment) : plainDeployment(deployment),
      disruptionBudget(deployment),
      networkPolicy(deployment),
    ],
    keda: unscalable(deployment).length > 0 ? [] : scaledObject(deployment, kind, document),
  };
}

function configMap({ name, variables, instances }: Deployment): Manifest {
  const own = variables.filter((one) => !one.isSecret && !instances.ownVariables.has(one.name));
  const comments: Record<string, string> = {};
  for (const { name: variable, isRequired, fallback } of own) {
    if (isRequired) comments[`data/${variable}`] = 'Required: fill it in. An empty value counts as none.';
    else if (fallback !== undefined && /127\.0\.0\.1|localhost/.test(fallback))
      comments[`data/${variable}`] =
        "The default of the file. In a pod that is the pod itself: write the broker's address.";
  }
  return {
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: labelsOf(name) },
      data: Object.fromEntries(own.map((one) => [one.name, one.fallback ?? ''])),
    },
    head: 'Variables that are no secrets. OTEL_EXPORTER_OTLP_ENDPOINT and SLUICE_LOG belong here too. A URL with a password belongs into the Secret.',
    comments,
  };
}

function service({ name }: Deployment): Manifest {
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, labels: labelsOf(name) },
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: labelsOf(name),
        ports: [{ name: 'admin', port: ADMIN_PORT, targetPort: 'admin' }],
      },
    },
    head: 'Names the pods, for Prometheus and sluice status. Nothing is balanced: each process has its own numbers.',
  };
}

/** Comments on the parts that both kinds have. */
function podComments(deployment: Deployment): Record<string, string> {
  const beside = filesBesideBundle(deployment);
  const container = 'spec/template/spec/containers/0';
  return {
    'spec/template/spec/terminationGracePeriodSeconds': '--shutdown-timeout, and 10 s to close.',
    [`${container}/image`]: 'The bundle is in the image (sluice build --container). Name it as your registry does.',
    [`${container}/env`]: `Secret ${names(deployment.name).secrets} holds these; no manifest does. Probes need no token.`,
    [`${container}/startupProbe`]:
      'Every route was up once. A broker that is away for five minutes at the start ends the pod; it is started again.',
    [`${container}/livenessProbe`]: 'The event loop turns. It never looks at brokers.',
    [`${container}/resources`]:
      'Memory: 256 MiB, and twice what the windows of the routes may hold. No limit of processor time: it would stop the event loop.',
    ...(beside.length > 0 && {
      [`${container}/volumeMounts`]: `${beside.join(', ')}: mounted by itself, so a renewed Secret arrives at the next start. Let the pipeline file name a path in a folder (file:secrets/...), and it arrives while the pod runs.`,
    }),
  };
}

/** How many processes a new deployment has. */
const replicasOf = ({ instances }: Deployment): number => (instances.onlyOne.length > 0 ? 1 : 2);

function replicasComment({ instances }: Deployment): string {
  const { onlyOne } = instances;
  if (onlyOne.length === 0) return 'The sources of all routes divide their messages between processes.';
  return `One, and no more:\n${onlyOne.join('\n')}`;
}

function statefulSet(deployment: Deployment): Manifest {
  const { name, instances } = deployment;
  return {
    object: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name, labels: labelsOf(name) },
      spec: {
        serviceName: name,
        replicas: replicasOf(deployment),
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: labelsOf(name) },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        template: podTemplate(deployment, true),
        volumeClaimTemplates: [
          {
            metadata: { name: 'state' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '4Gi' } } },
          },
        ],
      },
    },
    head: `A StatefulSet, because each process needs its state folder again:\n${instances.state.join('\n')}`,
    comments: {
      ...podComments(deployment),
      'spec/replicas': replicasComment(deployment),
      'spec/volumeClaimTemplates':
        'A disk of the node or a block device, not a network file system: neither its lock nor its sync is certain. The size: dead letters (1 GiB a route unless the file says otherwise), spools (max) and their reserves.',
    },
  };
}

function plainDeployment(deployment: Deployment): Manifest {
  const { name, instances } = deployment;
  const isOne = instances.onlyOne.length > 0;
  return {
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels: labelsOf(name) },
      spec: {
        replicas: replicasOf(deployment),
        strategy: isOne
          ? { type: 'Recreate' }
          : { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        selector: { matchLabels: labelsOf(name) },
        template: podTemplate(deployment, false),
      },
    },
    head: 'A Deployment: dead letters go to a bus, and no class, spool or guard of this pipeline needs its state folder after the end of the process. What a bus refuses for good among the dead letters is lost with the pod.',
    comments: {
      ...podComments(deployment),
      'spec/replicas': replicasComment(deployment),
      ...(isOne && { 'spec/strategy': 'The old process ends before the new one begins.' }),
    },
  };
}

function disruptionBudget({ name }: Deployment): Manifest {
  return {
    object: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, labels: labelsOf(name) },
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: labelsOf(name) },
      },
    },
    head: 'One at a time. minAvailable: 1 with one process would keep a node from being drained.',
  };
}
