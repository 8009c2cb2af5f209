import type { Health } from '../telemetry/health.ts';
import { type Answer, plain, type Resource } from './answer.ts';

/** The probes of Kubernetes and the metrics. Probes need no token: a kubelet has none, and they tell of no message. */
export function probeResources(health: Health, metrics: Metrics): ReadonlyMap<string, Resource> {
  return new Map<string, Resource>([
    // An answer proves that the event loop turns. Liveness does not depend on brokers: a restart would not mend them.
    ['/livez', { isOpen: true, get: () => plain(200, 'ok') }],
    [
      '/readyz',
      {
        isOpen: true,
        get({ query }) {
          const { isReady, text } = health.readiness(new Set(query.getAll('exclude')), query.has('verbose'));
          return plain(isReady ? 200 : 503, text.trimEnd());
        },
      },
    ],
    [
      '/startupz',
      {
        isOpen: true,
        get: () => (health.isStarted ? plain(200, 'ok') : plain(503, health.report().trimEnd())),
      },
    ],
    ['/metrics', { get: ({ headers }) => metrics(typeof headers['accept'] === 'string' ? headers['accept'] : '') }],
  ]);
}

/** `accept`: the formats that the reader of metrics takes. */
export type Metrics = (accept: string) => Answer | Promise<Answer>;
