import type { BusContext } from '#contract/bus.ts';
import { memoryHub } from './hub.ts';

/** Reports the hub as connected, and then each outage until the returned function is called. */
export function reportOutages(hub: string, context: BusContext): () => void {
  const up = (): void => context.report({ kind: 'connected', detail: `memory hub ${hub}` });
  up();
  return memoryHub(hub).attach({
    up,
    down: () => context.report({ kind: 'disconnected', detail: 'the hub is down' }),
  });
}
