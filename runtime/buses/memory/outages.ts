import type { BusContext } from '#contract/bus.ts';
import { memoryHub } from './hub.ts';

/** Reports the hub as connected, and each outage from now on; the function returned stops it. */
export function reportOutages(hub: string, context: BusContext): () => void {
  const up = (): void => context.report({ kind: 'connected', detail: `memory hub ${hub}` });
  up();
  return memoryHub(hub).attach({
    up,
    down: () => context.report({ kind: 'disconnected', detail: 'the hub is down' }),
  });
}
