import { isIP } from 'node:net';
import { ADMIN_PORT, type Deployment, type NeededServer } from './deployment.ts';
import type { Manifest } from './manifest-text.ts';
import { labelsOf } from './pod.ts';

const OTLP_PORT = 4318;
const NAMESPACE = 'kubernetes.io/metadata.name';
const inNamespace = (name: string): object => ({ namespaceSelector: { matchLabels: { [NAMESPACE]: name } } });

const port = (number: number, protocol = 'TCP'): object => ({ protocol, port: number });

/** Where packets to a server may go, and what a person must know of it. */
interface Peer {
  readonly to: readonly object[] | undefined;
  readonly comment: string;
}

function peerOf({ host, connection }: NeededServer): Peer {
  const at = `Connection ${connection}: ${host}.`;
  if (isIP(host) !== 0) {
    const isLocal = host === '127.0.0.1' || host === '::1';
    const cidr = `${host}/${isIP(host) === 4 ? 32 : 128}`;
    return {
      to: [{ ipBlock: { cidr } }],
      comment: isLocal ? `${at} In a pod that is the pod itself: write the broker's address.` : at,
    };
  }
  const labels = host.split('.');
  if (labels.length === 1) return { to: [{ podSelector: {} }], comment: `${at} A service of this namespace.` };
  const [, namespace = ''] = labels;
  if (labels.length === 2 || labels[2] === 'svc')
    return { to: [inNamespace(namespace)], comment: `${at} A service of namespace ${namespace}.` };
  return {
    to: undefined,
    comment: `${at} A NetworkPolicy knows no names: this port is open to all addresses. Write to: [{ ipBlock: { cidr: ... } }] where the broker has fixed ones.`,
  };
}

/** Nothing but the admin port comes in; nothing but brokers, names and telemetry goes out. */
export function networkPolicy(deployment: Deployment): Manifest {
  const { name, servers, unknownServers } = deployment;
  const peers = servers.map((server) => ({ server, peer: peerOf(server) }));
  const egress = [
    ...peers.map(({ server, peer: { to } }) => ({ ...(to !== undefined && { to }), ports: [port(server.port)] })),
    { to: [inNamespace('kube-system')], ports: [port(53, 'UDP'), port(53)] },
    { to: [{ namespaceSelector: {} }], ports: [port(OTLP_PORT)] },
  ];
  const comments: Record<string, string> = {
    'spec/ingress': `The admin port alone, from pods of the cluster: its token guards it. Narrow it to the namespace of Prometheus. Probes come from the node.`,
    'spec/egress': [
      'Ports are those of the pods behind a service, which may differ from that of the service.',
      ...unknownServers.map(
        (connection) =>
          `Connection ${connection}: the pipeline file names no server, so nothing is open to it. Add it here.`,
      ),
    ].join('\n'),
    [`spec/egress/${peers.length}`]: 'Names of hosts. A DNS cache on the node (169.254.20.10) needs an ipBlock.',
    [`spec/egress/${peers.length + 1}`]: 'OTLP over HTTP, where OTEL_EXPORTER_OTLP_ENDPOINT is set.',
  };
  for (const [at, { peer }] of peers.entries()) comments[`spec/egress/${at}`] = peer.comment;
  return {
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, labels: labelsOf(name) },
      spec: {
        podSelector: { matchLabels: labelsOf(name) },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [port(ADMIN_PORT)] }],
        egress,
      },
    },
    comments,
  };
}
