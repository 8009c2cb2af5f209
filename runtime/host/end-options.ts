import type { BusContext, OptionFlaw } from '#contract/bus.ts';
import { SluiceError } from '#contract/errors.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';

type End = Pick<RouteSpec['from'], 'connection' | 'options'>;

/** The part of a driver that checks combinations of options. */
interface OptionChecker {
  flaws(connection: never, end: { from: never } | { to: never }): readonly OptionFlaw[];
}

/** A driver's options: those of the connection that an end names, and the end's own. */
export function endOptions(pipeline: PipelineSpec, end: End): never {
  return asDriverOptions({ connection: pipeline.connections.get(end.connection)?.options, end: end.options });
}

/** The same for opening the end: with its siblings, and with `reread` where the connection names files. */
export function openingOptions(pipeline: PipelineSpec, end: End, bus: OptionChecker, context: BusContext): never {
  const { connection } = end;
  const { options: atStart, reread } = pipeline.connections.get(connection) ?? {};
  const siblings = pipeline.routes
    .flatMap(({ from, sinks, deadLetter }) => [from, ...sinks, deadLetter.to])
    .flatMap((one) => (one?.connection === connection ? [one.options] : []));
  if (reread === undefined) return asDriverOptions({ connection: atStart, end: end.options, siblings });
  let valid = atStart;
  const reportProblem = (text: string): void => {
    const message = `${connection}: ${text}; the values read before stay in use`;
    context.report({ kind: 'problem', error: new SluiceError('BUS_FILE', message, { place: { bus: connection } }) });
  };
  const conflicts = (options: object): readonly OptionFlaw[] => {
    const itself =
      context.direction === 'source' ? { from: asDriverOptions(end.options) } : { to: asDriverOptions(end.options) };
    return bus.flaws(asDriverOptions(options), itself).filter(({ where }) => where === 'connection');
  };
  return asDriverOptions({
    connection: atStart,
    end: end.options,
    siblings,
    reread() {
      const { options, troubles } = reread();
      for (const trouble of troubles) reportProblem(trouble);
      const [flaw] = options === valid ? [] : conflicts(options);
      if (flaw === undefined) valid = options;
      else reportProblem(`${flaw.path.join('.')}: expected ${flaw.expected}`);
      return valid;
    },
  });
}

/** Options of the checked spec, as the driver takes them. */
export function asDriverOptions(options: object): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker validated them against this driver's schemas
  return options as never;
}
