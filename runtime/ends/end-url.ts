import type { Bus } from '#contract/bus.ts';
import type { EndWords } from '#contract/end-url.ts';

type Buses = Iterable<Pick<Bus, 'name' | 'urls'>>;

/** The forms of all buses that have one, for usage texts. */
export function urlForms(buses: Buses): string {
  const forms = [...buses].flatMap(({ urls }) => urls?.form ?? []);
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(forms).replace(/, or (?=[^,]*$)/, ' or ');
}

/**
 * An end of a bridge as one URL: scheme and authority are the connection, the path is the address, and everything after
 * the question mark is a word of the end (`?qos=0`, `?routingKey={key}&exchange=orders`). `in` is written to, `out` is
 * read. Undefined where no bus has such a URL.
 */
export function endFromUrl(text: string, direction: 'in' | 'out', buses: Buses): EndWords | undefined {
  // Templates and wildcards are no characters of a URL: only the part before the path is read as one.
  const found = /^([a-z]+):\/\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text);
  if (found === null) return undefined;
  const [, scheme = '', authority = '', path = '', query = ''] = found;
  const bus = [...buses].find(({ urls }) => urls?.schemes.includes(scheme));
  if (bus?.urls === undefined) return undefined;
  const url = { scheme, authority, path };
  const { connection, end } = direction === 'in' ? bus.urls.sink(url) : bus.urls.source(url);
  const words = Object.fromEntries(query === '' ? [] : query.split('&').map(wordOf));
  return { connection: { bus: bus.name, ...connection }, end: { ...end, ...words } };
}

function wordOf(pair: string): readonly [name: string, value: string | number | boolean] {
  const at = pair.indexOf('=');
  const [name, value] = at === -1 ? [pair, 'true'] : [pair.slice(0, at), pair.slice(at + 1)];
  if (/^\d+$/.test(value)) return [name, Number(value)];
  return [name, value === 'true' || value === 'false' ? value === 'true' : value];
}
