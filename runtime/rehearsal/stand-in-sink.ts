import type { Bus, BusContext, Guarantees } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import { type Frame, NO_HEADERS } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { REMOVES_FOR_MS } from './stand-in-log.ts';
import type { StandIn } from './stand-in.ts';
import { type Life, never, type Probe } from './steps.ts';

/** The most of a real bus: what is slower than that is `slow`. */
const MAX_IN_FLIGHT = 256;

export interface SinkUse {
  readonly bus: Pick<Bus, 'grammar'>;
  readonly guarantees: Guarantees;
  readonly context: BusContext;
  readonly life: Life;
  readonly probe: Probe;
}

/** The sink of a route at the stand-in of its bus, in one life of the process. */
export function openStandInSink(standIn: StandIn, { bus, guarantees, context, life, probe }: SinkUse): Sink {
  const { route, connection } = context;
  let isClosed = false;
  const detach = standIn.attach({
    up: () => life.isOver || context.report({ kind: 'connected', detail: `stand-in of ${connection}` }),
    down: () =>
      life.isOver || context.report({ kind: 'disconnected', detail: `the stand-in of ${connection} is down` }),
  });
  const refusal = (frame: Frame): SluiceError | undefined => {
    if (isClosed) return new SluiceError('SINK_DOWN', 'the sink is closed');
    if (frame.body === null && !guarantees.carriesNull) return new SluiceError('NO_BODY', 'the bus has no null bodies');
    return standIn.refusal(frame);
  };
  const send = async (frame: Frame): Promise<Receipt> => {
    const of = { route, id: frame.id ?? '', at: connection };
    const refused = refusal(frame);
    if (refused !== undefined) throw refused;
    const carried = guarantees.carriesHeaders ? frame : { ...frame, headers: NO_HEADERS };
    const receipt = standIn.store(carried, { route, isLetter: context.direction === 'dead-letters', guarantees });
    probe({ step: 'sent, not confirmed', ...of });
    if (life.isOver) return never();
    await standIn.confirmation();
    if (life.isOver) return never();
    probe({ step: 'confirmed', ...of });
    return life.isOver ? never() : receipt;
  };
  return {
    maxInFlight: MAX_IN_FLIGHT,
    ...(guarantees.deduplicates && { removesForMs: REMOVES_FOR_MS }),
    send(frame) {
      if (life.isOver) return never();
      const flaw = bus.grammar.flaw(frame.address);
      if (flaw !== undefined) throw new SluiceError('ADDRESS_INVALID', `the address holds ${flaw}`);
      probe({ step: 'before send', route, id: frame.id ?? '', at: connection });
      return isOver(life) ? never() : send(frame);
    },
    ...(guarantees.recoversIds && {
      recoverIds: (query) => Promise.resolve(standIn.recover(query, guarantees)),
    }),
    close() {
      isClosed = true;
      detach();
      return Promise.resolve();
    },
  };
}

/** The probe may have ended it. */
function isOver(life: Life): boolean {
  return life.isOver;
}
