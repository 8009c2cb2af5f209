import type { Health } from '../telemetry/health.ts';
import { type Answer, plain, type Resource } from './answer.ts';

/** The probes of Kubernetes and the metrics. Probes need no token: a kubelet has none. Who has it is told the reasons. */
export function probeResources(health: Health, metrics: Metrics): ReadonlyMap<string, Resource> {
  return new Map<string, Resource>([
    // An answer proves that the event loop turns. Liveness does not depend on brokers: a restart would not mend them.
    ['/livez', { isOpen: true, get: () => plain(200, 'ok') }],
    [
      '/readyz',
      {
        isOpen: true,
        get({ query, visitor: { by } }) {
          const excluded = new Set(query.getAll('exclude'));
          const { isReady, text } = health.readiness(excluded, query.has('verbose'), by === 'stranger');
          return plain(isReady ? 200 : 503, text.trimEnd());
        },
      },
    ],
    [
      '/startupz',
      {
        isOpen: true,
        get({ visitor: { by } }) {
          if (health.isStarted) return plain(200, 'ok');
          return plain(503, health.readiness(new Set(), true, by === 'stranger').text.trimEnd());
        },
      },
    ],
    ['/metrics', { get: ({ headers }) => metrics(typeof headers['accept'] === 'string' ? headers['accept'] : '') }],
  ]);
}

/** `accept`: the formats that the reader of metrics takes. */
export type Metrics = (accept: string) => Answer | Promise<Answer>;
