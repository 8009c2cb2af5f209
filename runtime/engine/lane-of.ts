import type { InFlight } from './in-flight.ts';
import { laneName } from './order.ts';

/** The lane in which a message is sent and remembered: its own key and address, even where its source has wider lanes. */
export function laneOf({ message, delivery }: InFlight): string {
  return laneName({ key: message?.key, address: delivery.frame.address });
}
