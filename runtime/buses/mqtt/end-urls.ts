import type { EndUrl, EndUrls } from '#contract/end-url.ts';

const connectionOf = ({ scheme, authority }: EndUrl): { readonly url: string } => ({ url: `${scheme}://${authority}` });

export const urls: EndUrls = {
  schemes: ['mqtt', 'mqtts'],
  form: 'mqtt://HOST:PORT/TOPIC',
  sink: (url) => ({ connection: connectionOf(url), end: { topic: url.path } }),
  source: (url) => ({ connection: connectionOf(url), end: { topics: [url.path] } }),
};
