import { parseTemplate } from '../template/template.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { keyPlace } from './key-place.ts';
import type { VerifyDocument } from './document.ts';

type Ends = Pick<VerifyDocument, 'in' | 'out' | 'key'>;

/** Both ends of a route the other way round; or why its file does not say enough. */
export function mirrorRoute(route: RouteSpec, nowMs: number): Ends | { readonly flaw: string } {
  const entrance = entranceOf(route);
  if (typeof entrance === 'string') return { flaw: `from: ${entrance}` };
  const exit = exitOf(route, nowMs);
  if (typeof exit === 'string') return { flaw: `to: ${exit}` };
  const { key } = route.from;
  return {
    in: { bus: route.from.connection, ...entrance },
    out: { bus: route.to.connection, ...exit },
    ...(key !== undefined && { key }),
  };
}

type Words = Readonly<Record<string, unknown>>;

/** Words of a sink that writes where the route's source reads. */
function entranceOf({ from: { bus, options, key } }: RouteSpec): Words | string {
  const level = key === undefined ? undefined : keyPlace(key).level;
  const first = (name: string): string | undefined => {
    const found: unknown = options[name];
    const value: unknown = Array.isArray(found) ? found[0] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const [topic, subject, address] = [first('topics'), first('subjects'), first('addresses')];
  switch (bus) {
    case 'mqtt':
      return { topic: addressUnder(topic ?? '', '/', ['+', '#'], level), qos: options['qos'] };
    case 'memory':
      return { address: addressUnder(address ?? '', '/', ['+', '#'], level) };
    case 'nats':
      return { subject: addressUnder(subject ?? '', '.', ['*', '>'], level) };
    case 'jetstream':
      if (subject === undefined) return 'without `subjects` the file does not say where to publish';
      return { stream: options['stream'], subject: addressUnder(subject, '.', ['*', '>'], level) };
    case 'kafka':
      return { topic: topic ?? '' };
    case 'rabbitmq':
      if (typeof options['queue'] === 'string' && level === undefined) return { queue: options['queue'] };
      return 'the file does not say with which routing key to publish';
    default:
      return `nothing is known of ${bus} here`;
  }
}

/** An address that the filter takes: the key in its level, words of our own for the other wildcards. */
function addressUnder(
  filter: string,
  separator: string,
  [one, rest]: readonly [one: string, rest: string],
  keyLevel: number | undefined,
): string {
  const levels = filter.split(separator);
  const last = levels.length - 1;
  // A last wildcard is as many levels as the key wants.
  if (levels[last] === rest && keyLevel !== undefined) while (levels.length <= keyLevel) levels.push(rest);
  return levels
    .map((level, at) => (level !== one && level !== rest ? level : at === keyLevel ? '{key}' : 'verify'))
    .join(separator);
}

/** Words of a source that reads where the route's sink writes. */
function exitOf({ to: { bus, options, address } }: RouteSpec, nowMs: number): Words | string {
  switch (bus) {
    case 'mqtt':
      return { topics: [filterOver(address, '/', '+', '#')], qos: options['qos'], session: '10m' };
    case 'memory':
      return { addresses: [filterOver(address, '/', '+', '#')] };
    case 'nats':
      return { subjects: [filterOver(address, '.', '*', '>')] };
    case 'jetstream':
      return { stream: options['stream'], subjects: [filterOver(address, '.', '*', '>')], start: 'new' };
    case 'kafka': {
      if (address.includes('{')) return 'its topic depends on the message';
      // A minute before, for clocks that differ: what others wrote then is told apart by its run.
      return { topics: [address], start: { time: new Date(nowMs - 60_000).toISOString() } };
    }
    case 'rabbitmq':
      if (typeof options['queue'] === 'string' && !address.includes('{')) return { queue: address };
      return 'from an exchange nothing can be read: a queue must be bound to it first';
    default:
      return `nothing is known of ${bus} here`;
  }
}

/** Each level that depends on the message as a wildcard: a value never makes two levels, but for the rest of an address. */
function filterOver(template: string, separator: string, one: string, rest: string): string {
  const parsed = parseTemplate(template);
  const parts = 'parts' in parsed ? parsed.parts : [template];
  const levels = parts
    .map((part) => (typeof part === 'string' ? part : part.kind === 'rest' ? '\u{1}' : '\u{0}'))
    .join('')
    .split(separator)
    .map((level) => (level.includes('\u{0}') ? one : level));
  const from = levels.indexOf('\u{1}');
  return (from === -1 ? levels : [...levels.slice(0, from), rest]).join(separator);
}
