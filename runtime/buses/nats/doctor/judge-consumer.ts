import type { ExaminedEnd } from '#contract/doctor.ts';
import { endName, type LineWriter } from '../../support/doctor-checks.ts';
import type { ConsumerInfo, StreamInfo } from '../client/library.ts';
import { type ConsumerWanted, differenceOf } from '../jetstream/consumer.ts';
import type { JetStreamFrom } from '../jetstream/options.ts';

/** The durable of a source, or its absence. */
export function judgeConsumer(
  say: LineWriter,
  source: ExaminedEnd<JetStreamFrom>,
  {
    stream,
    wanted,
    found,
  }: { readonly stream: StreamInfo; readonly wanted: ConsumerWanted; readonly found: ConsumerInfo | undefined },
): void {
  const about = `${endName(source)}, consumer ${wanted.name}`;
  const { max_consumers: most, name } = stream.config;
  if (found === undefined) {
    if (most > 0 && stream.state.consumer_count >= most) {
      const text = `the stream has its ${most} consumers (max_consumers), and none is for this route`;
      return say.error('CONSUMER', about, text, `nats consumer rm ${name} with one that nobody uses`);
    }
    return say.ok('CONSUMER', about, 'is made at the first start');
  }
  const { num_pending: waiting, num_ack_pending: unacknowledged, config } = found;
  const backlog = `${waiting} wait, ${unacknowledged} are not acknowledged`;
  if (config.deliver_subject !== undefined || config.ack_policy !== 'explicit') {
    const text = `it is no pull consumer with explicit acknowledgements; ${backlog}`;
    return say.error('CONSUMER', about, text, `nats consumer rm ${name} ${wanted.name}, or another name in durable:`);
  }
  // The window of a running bridge adapts: max_ack_pending is its own business.
  const difference = differenceOf(config, { ...wanted, maxAckPending: config.max_ack_pending ?? wanted.maxAckPending });
  if (difference === undefined) return say.ok('CONSUMER', about, backlog);
  const text = `${difference}; ${backlog}. The route puts right what it can`;
  say.warning('CONSUMER', about, text, `nats consumer rm ${name} ${wanted.name}, or another name in durable:`);
}
