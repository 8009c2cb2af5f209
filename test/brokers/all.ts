import type { Subject } from '../conformance/conformance.ts';
import { JETSTREAM } from './jetstream.ts';
import { KAFKA } from './kafka.ts';
import { MEMORY } from './memory.ts';
import { MQTT } from './mqtt.ts';
import { CORE_NATS } from './nats.ts';
import { RABBITMQ } from './rabbitmq.ts';
import type { EndpointKind, TestBus } from './test-bus.ts';

/** Every bus of the catalog. A new one is a line here. */
export const BUSES: readonly TestBus[] = [MQTT, CORE_NATS, JETSTREAM, KAFKA, RABBITMQ, MEMORY];

/** What the conformance tests judge, in the order of docs/conformance.md. */
export const SUBJECTS: readonly Subject[] = BUSES.flatMap(({ subjects }) => subjects);

/** A bus that other processes can reach. */
export type ReachableBus = TestBus & { readonly endpoints: EndpointKind };

/** Every bus that can be an end of a bridge in a process of its own. */
export const REACHABLE: readonly ReachableBus[] = BUSES.filter(
  (bus): bus is ReachableBus => bus.endpoints !== undefined,
);

/** The bus of that name, as an end of a bridge. */
export function busNamed(name: string): ReachableBus {
  const found = REACHABLE.find((bus) => bus.name === name);
  if (found === undefined) throw new Error(`no bus ${name} in test/brokers/all.ts`);
  return found;
}

/** Ends the servers that the subjects of these buses share. */
export async function stopServers(buses: readonly TestBus[] = BUSES): Promise<void> {
  for (const { stop } of buses) await stop?.();
}
