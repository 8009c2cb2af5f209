import type { BusContext, OptionFlaw } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';

type End = Pick<RouteSpec['from'], 'connection' | 'options'>;

/** As much of a driver as knows whether options go together. */
interface Judge {
  flaws(connection: never, end: { from: never } | { to: never }): readonly OptionFlaw[];
}

/** What a driver is asked with: the options of the connection that an end names, and the end's own. */
export function endOptions(pipeline: PipelineSpec, end: End): never {
  return asChecked({ connection: pipeline.connections.get(end.connection)?.options, end: end.options });
}

/** The same for opening the end: with its siblings, and with what reads the connection's files anew, where it names some. */
export function openingOptions(pipeline: PipelineSpec, end: End, bus: Judge, context: BusContext): never {
  const { connection } = end;
  const { options: atStart, reread } = pipeline.connections.get(connection) ?? {};
  const siblings = pipeline.routes
    .flatMap(({ from, to, deadLetter }) => [from, to, deadLetter.to])
    .flatMap((one) => (one?.connection === connection ? [one.options] : []));
  if (reread === undefined) return asChecked({ connection: atStart, end: end.options, siblings });
  let good = atStart;
  const tell = (text: string): void => {
    const message = `${connection}: ${text}; it goes on with what was read before`;
    context.report({ kind: 'problem', error: new SluiceError('BUS_FILE', message, { place: { bus: connection } }) });
  };
  const conflicts = (options: object): readonly OptionFlaw[] => {
    const itself = context.direction === 'source' ? { from: asChecked(end.options) } : { to: asChecked(end.options) };
    return bus.flaws(asChecked(options), itself).filter(({ where }) => where === 'connection');
  };
  return asChecked({
    connection: atStart,
    end: end.options,
    siblings,
    reread() {
      const { options, troubles } = reread();
      for (const trouble of troubles) tell(trouble);
      const [flaw] = options === good ? [] : conflicts(options);
      if (flaw === undefined) good = options;
      else tell(`${flaw.path.join('.')}: expected ${flaw.expected}`);
      return good;
    },
  });
}

/** Options of the checked spec, as the driver that they were checked for takes them. */
export function asChecked(options: object): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker judged them against this very driver's schemas
  return options as never;
}
