import type { JsMsg, StreamInfo } from '@nats-io/jetstream';
import type { SinkTail } from '#contract/sink.ts';
import type { Link } from './connect.ts';
import { asBusError } from './stream.ts';

const NS_PER_MS = 1_000_000;
const FORGOTTEN_MS = 5000;
const BATCH = 1000;

/** The end of a stream, read by an ordered consumer of its own that vanishes by itself. Headers only. */
export function jetstreamTail(link: Link, stream: string, filter: string, look: () => Promise<StreamInfo>): SinkTail {
  let windowMs = 0;
  return {
    get removesForMs() {
      return windowMs;
    },
    async read(prefix, lookBack, signal) {
      const { config, state } = await look();
      windowMs = (config.duplicate_window ?? 0) / NS_PER_MS;
      const found = new Set<string>();
      const { connection } = link;
      if (state.messages === 0 || connection === undefined) return found;
      const { jetstream } = await import('@nats-io/jetstream');
      const from = Math.max(state.first_seq, state.last_seq - lookBack + 1);
      try {
        const consumer = await jetstream(connection).consumers.get(stream, {
          filter_subjects: filter,
          deliver_policy: 'by_start_sequence',
          opt_start_seq: from,
          headers_only: true,
          inactive_threshold: FORGOTTEN_MS,
        });
        let pending = (await consumer.info()).num_pending;
        while (pending > 0) {
          signal.throwIfAborted();
          const before = pending;
          const batch = await consumer.fetch({ max_messages: Math.min(BATCH, pending), expires: 2000 });
          for await (const message of batch) {
            const id = idOf(message);
            if (id?.startsWith(prefix) === true) found.add(id);
            pending = message.info.pending;
          }
          // Purged meanwhile: nothing more comes.
          if (pending === before) break;
        }
        await consumer.delete();
      } catch (thrown) {
        throw asBusError(thrown, `the end of stream ${stream}`);
      }
      return found;
    },
  };
}

function idOf(message: JsMsg): string | undefined {
  const { headers } = message;
  const own = headers?.get('msgid') ?? '';
  return own === '' ? headers?.get('Nats-Msg-Id') : own;
}
