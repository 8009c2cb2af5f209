import type { Frame } from '#contract/frame.ts';
import type { Receipt } from '#contract/sink.ts';
import type { Envelope } from '../in-flight.ts';
import { sinkName } from '../sink-name.ts';
import type { SendContext } from './send-context.ts';

/**
 * Counts a confirmed frame. `sends`: attempts to send it, from 1. "Already stored" for a delivery that is new and was sent once says that another message had
 * the same id, and that the bus dropped this one. If the publisher, or the route's template, made the id, the message
 * counts as stored. If the id was made of the bus's coordinates, these repeat (MQTT packet ids are reused), and the frame
 * is returned under another id, to be sent again.
 */
export function renamedIfSwallowed(
  { route: { policy, observers }, sink }: Pick<SendContext, 'route' | 'sink'>,
  { delivery }: Envelope,
  frame: Frame,
  sends: number,
  receipt: Receipt,
): Frame | undefined {
  const { counters, log } = observers;
  counters.sent += 1;
  counters.sentBy[sink] = (counters.sentBy[sink] ?? 0) + 1;
  counters.retries += sends - 1;
  if (receipt !== 'duplicate' || sends !== 1 || delivery.attempt !== 1) return undefined;
  // A guard makes its ids of what comes: the same id is the same message.
  const isNamed = policy.id !== undefined || delivery.frame.id !== undefined || frame.sealed === true;
  if (counters.unexplainedDuplicates === 0) {
    log.warn('unexplained-duplicate', {
      route: sinkName(policy.name, sink),
      id: frame.id,
      text: isNamed
        ? 'the sink already held this id and dropped the message: the publisher, or the id template of the route, gave two messages one id'
        : 'the sink already held this id: the coordinates of the source came round; the message was sent under another id',
    });
  }
  counters.unexplainedDuplicates += 1;
  return isNamed ? undefined : { ...frame, id: `${frame.id}~${counters.unexplainedDuplicates}` };
}
