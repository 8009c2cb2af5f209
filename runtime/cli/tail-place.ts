import type { Bus } from '#contract/bus.ts';
import type { WatchStart } from '#contract/watch.ts';
import { catalog } from '../host/catalog.ts';
import { asDriverOptions } from '../host/end-options.ts';
import { filterOver } from '../ends/address-filters.ts';
import { endFromAddress } from '../ends/end-url.ts';
import { type SingleEnd, watchRefusal } from '../ends/single-end.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { type Arguments, UsageError } from './command.ts';
import {
  checkedEnd,
  connectionOf,
  handPipeline,
  type HandPipeline,
  isUrl,
  namedPlace,
  routeOf,
  urlEnd,
  type WrittenConnection,
} from './hand-pipeline.ts';

/** What is watched. */
export interface TailPlace {
  readonly end: SingleEnd;
  readonly bus: Bus;
  /** For people: `mqtt tracks/+`. */
  readonly shown: string;
  /** Undefined for a URL. */
  readonly pipeline: HandPipeline | undefined;
  /** The side of a route that is watched; undefined for another place of a bus. */
  readonly side:
    | { readonly route: RouteSpec; readonly name: 'source' | 'sink'; readonly sink: RouteSpec['to'] }
    | undefined;
}

/** Where the command line says. Throws UsageError, also for a place that nobody can watch without taking from its readers. */
export async function tailPlace(given: Arguments, start: WatchStart): Promise<TailPlace> {
  const place = await placeOf(given);
  const refusal = await watchRefusal(place.end, catalog, start);
  if (refusal !== undefined) throw new UsageError(`expected what can be watched, found ${place.shown}: ${refusal}`);
  return place;
}

async function placeOf(given: Arguments): Promise<TailPlace> {
  const target = given.positionals[0] ?? '';
  const { values } = given;
  if (isUrl(target)) {
    const found = ['route', 'connection', 'address', 'side', 'sink'].find((name) => values[name] !== undefined);
    if (found !== undefined) throw new UsageError(`expected --${found} beside a pipeline file, found a URL`);
    const { connection, end } = urlEnd(target, 'out');
    return made(connection, await asSource(connection, end), undefined, undefined);
  }
  const pipeline = await handPipeline(target);
  const named = namedPlace(given);
  if (named !== undefined) {
    const connection = connectionOf(pipeline, named.connection);
    const end = endFromAddress(named.address, 'out', connection.urls);
    return made(connection, await asSource(connection, end), pipeline, undefined);
  }
  if (values['address'] !== undefined) throw new UsageError('expected --connection beside --address, found none');
  const route = routeOf(pipeline, given);
  const name = sideOf(values['side']);
  const sink = sinkOf(route, values['sink']);
  if (name === 'source') {
    const { from } = route;
    return made(connectionOf(pipeline, from.connection), from.options, pipeline, { route, name, sink });
  }
  const connection = connectionOf(pipeline, sink.connection);
  const filter = filterOver(sink.address, connection.bus.grammar);
  const watch = await connection.bus.watch?.();
  const words = watch?.beside(asDriverOptions(sink.options), { address: sink.address, filter });
  if (words === undefined || typeof words === 'string')
    throw new UsageError(
      `expected a sink that can be watched, found route ${route.name}: ${words ?? 'another bus'}; name the place with --connection ${sink.connection} --address A`,
    );
  return made(connection, words, pipeline, { route, name, sink });
}

function made(
  connection: WrittenConnection,
  words: Readonly<Record<string, unknown>>,
  pipeline: HandPipeline | undefined,
  side: TailPlace['side'],
): TailPlace {
  const end = checkedEnd(connection, { from: words }, pipeline?.file);
  const { options } = end.route.from;
  const names = ['stream', 'exchange', 'queue', 'topics', 'subjects'].flatMap((name) => options[name] ?? []);
  return { end, bus: connection.bus, shown: `${connection.name} ${names.map(String).join(' ')}`, pipeline, side };
}

async function asSource(
  { bus }: WrittenConnection,
  end: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const watch = await bus.watch?.();
  return watch?.words?.(end) ?? end;
}

function sideOf(given: Arguments['values'][string]): 'source' | 'sink' {
  if (given === undefined || given === 'sink') return 'sink';
  if (given === 'source') return 'source';
  throw new UsageError(`expected --side source or sink, found ${String(given)}`);
}

/** `--sink N`: its place in the list, from 1. */
function sinkOf({ name, sinks, to }: RouteSpec, given: Arguments['values'][string]): RouteSpec['to'] {
  if (given === undefined) return to;
  const found = /^[1-9]\d*$/.test(String(given)) ? sinks[Number(given) - 1] : undefined;
  if (found !== undefined) return found;
  throw new UsageError(
    `expected --sink with a number from 1 to ${sinks.length} for route ${name}, found ${String(given)}`,
  );
}
