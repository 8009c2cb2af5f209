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
};
