import type { BusContext, EndOptions } from '#contract/bus.ts';
import type { LogPart, LogRange, LogReplay } from '#contract/log-replay.ts';
import { queueOf } from './address-space.ts';
import { closeReason, meaningOf } from './client/close-reason.ts';
import { Link, type LinkEnd } from './client/link.ts';
import type { Session } from './client/session.ts';
import { endOffset, firstOffset, secondOf } from './client/stream-offsets.ts';
import type { RabbitConnection, RabbitFrom } from './options.ts';
import { readPlace } from './stream-checkpoint.ts';

type Options = EndOptions<RabbitConnection, RabbitFrom>;

export const logReplay: LogReplay<Options, BusContext, RabbitFrom> = {
  refusal({ type = 'queue' }) {
    if (type === 'stream') return undefined;
    return `a ${type === 'queue' ? 'queue' : `${type} queue`} lets go of what was acknowledged`;
  },
  // A stream has no consumers with names: the position is in the state folder.
  reader: (from, _name, _range, [part]) => ({ ...from, start: { offset: part?.first ?? 0 } }),
  survey: async (options, context, _name, range) => [await survey(options, context, range)],
  placeOf(id) {
    // A stream that was made anew has ids with one more number.
    const [, part, offset] = /^(.*?):(\d+)$/.exec(id) ?? [];
    return part === undefined ? undefined : { part, position: Number(offset) };
  },
  settledIn(from, context) {
    const place = readPlace(context.checkpoint, queueOf(from, context))?.place;
    return place?.kind === 'after' ? place.offset + 1 : undefined;
  },
  async forget() {
    // Nothing of the reader is at the server.
  },
};

async function survey(options: Options, context: BusContext, { fromMs, toMs }: LogRange): Promise<LogPart> {
  const stream = queueOf(options.end, context);
  let part: LogPart | undefined;
  const end: LinkEnd = {
    async start(session) {
      part = await look(session, stream, { fromMs, toMs });
      return `looked at stream ${stream}`;
    },
    over: () => true,
    explain(failure) {
      const reason = closeReason(failure);
      const [code, text] = (reason === undefined ? undefined : meaningOf(reason)) ?? [];
      return code === undefined || text === undefined ? undefined : link.error(code, text, failure);
    },
    blocked() {},
  };
  const link = new Link(options, context, end);
  await link.open();
  await link.close();
  if (part === undefined) throw link.error('BUS_UNREACHABLE', `nothing is known of stream ${stream}`);
  return part;
}

/** A stream keeps the times of chunks alone, and the protocol has whole seconds: both ends are those of chunks. */
async function look(session: Session, stream: string, { fromMs, toMs }: LogRange): Promise<LogPart> {
  const [oldest, from, to] = await Promise.all([
    firstOffset(session, stream, 'first'),
    firstOffset(session, stream, secondOf(Math.floor(fromMs / 1000))),
    firstOffset(session, stream, secondOf(Math.ceil(toMs / 1000))),
  ]);
  const end = to ?? (await endOffset(session, stream));
  const first = from ?? end;
  const isCut = oldest !== undefined && oldest > 0 && first === oldest;
  return { name: stream, first, end, ...(isCut && { gone: oldest }) };
}
