import type { AddressGrammar, Bus } from '#contract/bus.ts';
import { covers } from '#kit/address-pattern.ts';
import { catalog } from '../host/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import { asDriverOptions, endOptions } from '../host/end-options.ts';
import { addressUnder } from '../ends/address-filters.ts';
import { addressForm, endFromAddress } from '../ends/end-url.ts';
import { keyPlace } from '../ends/key-place.ts';
import type { SingleEnd } from '../ends/single-end.ts';
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
} from './hand-pipeline.ts';

/** For a wildcard of a filter for which nothing is known. No address that a person writes has it. */
const ANY = 'sluice-send-any';

/** Where messages are sent. */
export interface SendPlace {
  readonly end: SingleEnd;
  readonly bus: Bus;
  /** Template of the address; undefined: each message needs one of its own. */
  readonly address: string | undefined;
  /** Headers that hold a message's key for the route. */
  readonly keyHeaders: readonly string[];
  /** Why a key beside the body would not be read; undefined: it is. */
  readonly keyless: string | undefined;
  /** Why the route would not read this address; undefined: it does. */
  readonly refuses: (address: string) => string | undefined;
  /** For usage texts: `fleet/+/position`. */
  readonly reads: string;
}

/** Where the command line says. Throws UsageError. */
export async function sendPlace(given: Arguments): Promise<SendPlace> {
  const target = given.positionals[0] ?? '';
  if (isUrl(target)) {
    const { connection, end } = urlEnd(target, 'in');
    refuseOthers(given, ['route', 'connection', 'address']);
    return free(checkedEnd(connection, { to: end }, undefined));
  }
  const pipeline = await handPipeline(target);
  const named = namedPlace(given);
  if (named !== undefined) {
    const connection = connectionOf(pipeline, named.connection);
    if (named.address === '')
      throw new UsageError(`expected --address with ${addressForm(connection.urls)}, found none`);
    const end = endFromAddress(named.address, 'in', connection.urls);
    return free(checkedEnd(connection, { to: end }, pipeline.file));
  }
  return intoRoute(pipeline, routeOf(pipeline, given), given);
}

function refuseOthers({ values }: Arguments, names: readonly string[]): void {
  const found = names.find((name) => values[name] !== undefined);
  if (found !== undefined) throw new UsageError(`expected --${found} beside a pipeline file, found a URL`);
}

function free(end: SingleEnd): SendPlace {
  const { to } = end.route;
  const bus = busOf(catalog, to.bus);
  const { carriesKey } = bus.sinkGuarantees(endOptions(end.spec, to));
  const hasKey = carriesKey || to.address.includes('{key}');
  return {
    end,
    bus,
    address: to.address,
    keyHeaders: [],
    keyless: hasKey ? undefined : `${bus.name} carries no keys; write {key} where the address has it`,
    refuses: () => undefined,
    reads: to.address,
  };
}

/** Into what the route reads. */
function intoRoute(pipeline: HandPipeline, route: RouteSpec, { values }: Arguments): SendPlace {
  const { from, name } = route;
  const connection = connectionOf(pipeline, from.connection);
  const { bus } = connection;
  const wanted = typeof values['address'] === 'string' ? values['address'] : undefined;
  const key = from.key === undefined ? undefined : keyPlace(from.key);
  const level = key?.level;
  const words = bus.opposite.sink(asDriverOptions(from.options), {
    keyLevel: level,
    addressUnder: (filter) => wanted ?? addressUnder(filter, bus.grammar, level, ANY),
    address: wanted,
  });
  if (typeof words === 'string') throw new UsageError(`expected --address, because of route ${name} ${words}`);
  const end = checkedEnd(connection, { to: words }, pipeline.file);
  const { address } = end.route.to;
  const { carriesKey } = bus.sinkGuarantees(endOptions(end.spec, end.route.to));
  const isRead = carriesKey || address.includes('{key}') || (key?.headers.length ?? 0) > 0;
  return {
    end,
    bus,
    address: address.includes(ANY) ? undefined : address,
    keyHeaders: key?.headers ?? [],
    // With an address of its own a message has its key there.
    keyless:
      isRead || (level !== undefined && wanted === undefined)
        ? undefined
        : `route ${name} takes its key from ${from.key ?? 'nothing'}; write it there`,
    refuses: readsOf(route, end, bus, pipeline),
    reads: filtersOf(from.options),
  };
}

function readsOf(
  { name, from }: RouteSpec,
  { spec, route: { to } }: SingleEnd,
  bus: Bus,
  pipeline: HandPipeline,
): SendPlace['refuses'] {
  const reaches = bus.reads(endOptions(pipeline.spec, from), { pipeline: pipeline.spec.name, route: name });
  const spaces = bus.writes(endOptions(spec, to));
  const { separator, hidden }: AddressGrammar = bus.grammar;
  const takes = (address: string): boolean =>
    reaches.some(
      (reach) =>
        reach.isGuess === true ||
        (reach.spaces.some((space) => spaces.includes(space)) &&
          covers(reach.filter, address.split(separator), hidden)),
    );
  return (address) =>
    takes(address) ? undefined : `route ${name} does not read ${address}; it reads ${filtersOf(from.options)}`;
}

/** The first of these options that the source has, as it is written. */
function filtersOf(options: Readonly<Record<string, unknown>>): string {
  const filters = ['topics', 'subjects', 'queue', 'exchange', 'stream'].map((name) => options[name]);
  const found = filters.find((value) => value !== undefined);
  return Array.isArray(found) ? found.join(', ') : String(found);
}
