import type { EndUrl, EndUrls } from '#contract/end-url.ts';

/** The path is the stream and then the subject, which may hold a slash. */
function partsOf({ authority, path }: EndUrl): Record<'url' | 'stream' | 'subject', string> {
  const [stream = '', ...subject] = path.split('/');
  return { url: `nats://${authority}`, stream, subject: subject.join('/') };
}

export const urls: EndUrls = {
  schemes: ['jetstream'],
  form: 'jetstream://HOST:PORT/STREAM/SUBJECT',
  sink(address) {
    const { url, stream, subject } = partsOf(address);
    return { connection: { url }, end: { stream, subject } };
  },
  source(address) {
    const { url, stream, subject } = partsOf(address);
    return { connection: { url }, end: { stream, ...(subject !== '' && { subjects: [subject] }), start: 'new' } };
  },
};
