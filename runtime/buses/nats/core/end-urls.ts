import type { EndUrl, EndUrls } from '#contract/end-url.ts';

const connectionOf = ({ scheme, authority }: EndUrl): { readonly url: string } => ({ url: `${scheme}://${authority}` });

export const urls: EndUrls = {
  schemes: ['nats', 'tls'],
  form: 'nats://HOST:PORT/SUBJECT',
  sink: (url) => ({ connection: connectionOf(url), end: { subject: url.path } }),
  source: (url) => ({ connection: connectionOf(url), end: { subjects: [url.path] } }),
};
