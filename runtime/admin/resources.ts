import type { Resource } from './answer.ts';
import { assetResources } from './assets.ts';
import { type LetterPages, letterResources, replayParts } from './letters/letter-resources.ts';
import { partStream } from './page/events.ts';
import { overview, overviewParts } from './page/overview.ts';
import type { Part } from './page/route-parts.ts';
import { type Metrics, probeResources } from './probes.ts';
import type { Status } from './status/status.ts';
import type { StatusDesk } from './status/status-desk.ts';
import type { Health } from '../telemetry/health.ts';

export interface PipelinePages {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly status: StatusDesk;
  readonly letters: LetterPages;
}

/** Everything that the admin port of a pipeline answers. */
export function pipelineResources({ health, metrics, status, letters }: PipelinePages): ReadonlyMap<string, Resource> {
  const { traceUrl } = letters;
  const listen = (listener: () => void): (() => void) => status.listen(listener);
  const title = (): string => `${status.now().pipeline}: ${status.now().state}`;
  let last: { readonly status: Status; readonly parts: readonly Part[] } | undefined;
  // All streams of one moment send the same.
  const all = (): readonly Part[] => {
    const now = status.now();
    if (last?.status !== now) last = { status: now, parts: overviewParts(now, { traceUrl }) };
    return last.parts;
  };
  return new Map<string, Resource>([
    ...probeResources(health, metrics),
    ...assetResources(),
    ...letterResources(letters),
    ['/', { get: ({ visitor }) => overview(status.now(), { traceUrl }, visitor) }],
    ['/status', { get: () => ({ status: 200, type: 'application/json', body: `${JSON.stringify(status.now())}\n` }) }],
    [
      '/events',
      {
        get({ query }) {
          const name = query.get('name');
          if (name === null) return partStream(all, listen, title);
          return partStream(
            () => replayParts(letters.desk, name),
            listen,
            () => undefined,
          );
        },
      },
    ],
  ]);
}
