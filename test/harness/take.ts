import { ACCEPT, type Delivery } from '../../runtime/contract/delivery.ts';
import type { Demand, Source } from '../../runtime/contract/source.ts';
import { patient } from './patience.ts';

const DEADLINE_MS = 20_000;
const ROOM: Demand = { messages: 256, bytes: 16 * 1024 ** 2 };

/** Reads exactly `count` deliveries, and no more than the window at once. The test settles them, or `settle` does. */
export async function take(
  source: Source,
  count: number,
  settle: (delivery: Delivery) => void = () => {},
  withinMs = DEADLINE_MS,
): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  const late = AbortSignal.timeout(patient(withinMs));
  while (taken.length < count) {
    const messages = Math.min(ROOM.messages, count - taken.length);
    const read = await source.read({ ...ROOM, messages }, late);
    if (read.length === 0)
      throw new Error(`read ${taken.length} of ${count} deliveries within ${patient(withinMs)} ms`);
    for (const delivery of read) settle(delivery);
    taken.push(...read);
  }
  return taken;
}

/** Reads and accepts. */
export function accept(source: Source, count: number): Promise<Delivery[]> {
  return take(source, count, (delivery) => delivery.settle(ACCEPT));
}
