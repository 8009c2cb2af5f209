import type { Bus } from '#contract/bus.ts';
import type { EndUrls, EndWords } from '#contract/end-url.ts';

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
  return { connection: { bus: bus.name, ...connection }, end: { ...end, ...wordsOf(query) } };
}

/** The same of an address over a connection that is known: the part of such a URL behind the host. */
export function endFromAddress(text: string, direction: 'in' | 'out', { place, ...urls }: EndUrls): EndWords['end'] {
  const at = text.indexOf('?');
  const [path, query] = at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const url = { scheme: '', authority: '', path };
  const end =
    direction === 'in' ? (place?.sink(path) ?? urls.sink(url).end) : (place?.source(path) ?? urls.source(url).end);
  return { ...end, ...wordsOf(query) };
}

/** The form of such an address, for usage texts: `STREAM/SUBJECT`. */
export function addressForm({ place, form }: EndUrls): string {
  return place?.form ?? form.replace(/^\w+:\/\/[^/]*\//, '');
}

function wordsOf(query: string): EndWords['end'] {
  return Object.fromEntries(query === '' ? [] : query.split('&').map(wordOf));
}

function wordOf(pair: string): readonly [name: string, value: string | number | boolean] {
  const at = pair.indexOf('=');
  const [name, value] = at === -1 ? [pair, 'true'] : [pair.slice(0, at), pair.slice(at + 1)];
  if (/^\d+$/.test(value)) return [name, Number(value)];
  return [name, value === 'true' || value === 'false' ? value === 'true' : value];
}
