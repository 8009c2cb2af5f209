/** A connection and an end of it, in the words of a pipeline file. */
export interface UrlEnd {
  readonly connection: Readonly<Record<string, unknown>>;
  readonly end: Readonly<Record<string, unknown>>;
}

export const URL_FORMS =
  'mqtt://HOST:PORT/TOPIC, nats://HOST:PORT/SUBJECT, jetstream://HOST:PORT/STREAM/SUBJECT, kafka://HOST:PORT/TOPIC or amqp://USER:PASSWORD@HOST:PORT/VHOST?queue=NAME';

/**
 * An end of a bridge as one URL: scheme and authority are the connection, the path is the address, and everything after
 * the question mark is a word of the end (`?qos=0`, `?routingKey={key}&exchange=orders`). `in` is written to, `out` is
 * read. Undefined where it is none of URL_FORMS.
 */
export function urlEnd(text: string, direction: 'in' | 'out'): UrlEnd | undefined {
  // Templates and wildcards are no characters of a URL: only what stands before the path is read as one.
  const found = /^([a-z]+):\/\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(text);
  if (found === null) return undefined;
  const [, scheme = '', authority = '', path = '', query = ''] = found;
  const words = Object.fromEntries(query === '' ? [] : query.split('&').map(wordOf));
  const list = (value: string): string | readonly string[] => (direction === 'in' ? value : [value]);
  const name = (one: string): string => (direction === 'in' ? one : `${one}s`);
  switch (scheme) {
    case 'mqtt':
    case 'mqtts':
      return {
        connection: { bus: 'mqtt', url: `${scheme}://${authority}` },
        end: { [name('topic')]: list(path), ...words },
      };
    case 'nats':
    case 'tls':
      return {
        connection: { bus: 'nats', url: `${scheme}://${authority}` },
        end: { [name('subject')]: list(path), ...words },
      };
    case 'jetstream': {
      const [stream = '', ...subject] = path.split('/');
      const start = direction === 'in' ? {} : { start: 'new' };
      return {
        connection: { bus: 'jetstream', url: `nats://${authority}` },
        end: { stream, [name('subject')]: list(subject.join('/')), ...start, ...words },
      };
    }
    case 'kafka': {
      const start = direction === 'in' ? {} : { start: { time: new Date(Date.now() - 60_000).toISOString() } };
      return {
        connection: { bus: 'kafka', brokers: authority.split(',') },
        end: { [name('topic')]: list(path), ...start, ...words },
      };
    }
    case 'amqp':
    case 'amqps':
      return { connection: { bus: 'rabbitmq', url: `${scheme}://${authority}/${path}` }, end: words };
    default:
      return undefined;
  }
}

function wordOf(pair: string): readonly [name: string, value: string | number | boolean] {
  const at = pair.indexOf('=');
  const [name, value] = at === -1 ? [pair, 'true'] : [pair.slice(0, at), pair.slice(at + 1)];
  if (/^\d+$/.test(value)) return [name, Number(value)];
  return [name, value === 'true' || value === 'false' ? value === 'true' : value];
}
