import type { EndUrl, EndUrls } from '#contract/end-url.ts';
import { aMinuteBefore } from './opposite-ends.ts';

const connectionOf = ({ authority }: EndUrl): { readonly brokers: readonly string[] } => ({
  brokers: authority.split(','),
});

export const urls: EndUrls = {
  schemes: ['kafka'],
  form: 'kafka://HOST:PORT/TOPIC',
  sink: (url) => ({ connection: connectionOf(url), end: { topic: url.path } }),
  source: (url) => ({
    connection: connectionOf(url),
    end: { topics: [url.path], start: aMinuteBefore(Date.now()) },
  }),
};
