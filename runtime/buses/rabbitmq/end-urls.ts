import type { EndUrl, EndUrls, EndWords } from '#contract/end-url.ts';

/** The path is the virtual host; queue, exchange and routing key are in the query. */
const wordsOf = ({ scheme, authority, path }: EndUrl): EndWords => ({
  connection: { url: `${scheme}://${authority}/${path}` },
  end: {},
});

export const urls: EndUrls = {
  schemes: ['amqp', 'amqps'],
  form: 'amqp://USER:PASSWORD@HOST:PORT/VHOST?queue=NAME',
  sink: wordsOf,
  source: wordsOf,
  place: {
    form: 'QUEUE or EXCHANGE/ROUTING.KEY',
    sink: placeOf,
    source: placeOf,
  },
};

/** A queue whose name has a slash is written as a word: `?queue=a/b`. */
function placeOf(address: string): EndWords['end'] {
  const at = address.indexOf('/');
  if (at === -1) return address === '' ? {} : { queue: address };
  return { exchange: address.slice(0, at), routingKey: address.slice(at + 1) };
}
