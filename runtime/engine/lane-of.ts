import type { InFlight } from './in-flight.ts';
import { laneName } from './lanes.ts';

/** The lane that a message is sent and remembered in: its own key and address, whatever wider lane its source names. */
export function laneOf({ message, delivery }: InFlight): string {
  return laneName({ key: message?.key, address: delivery.frame.address });
}
