import type { Job } from './job.ts';
import { laneName } from './lanes.ts';

/** The lane that a message is sent and remembered in: its own key and address, whatever wider lane its source names. */
export function laneOf({ message, delivery }: Job): string {
  return laneName({ key: message?.key, address: delivery.frame.address });
}
