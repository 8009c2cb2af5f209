import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'NATS (core)',
  hint: 'core NATS: nothing is stored; as a source at most once',
  examples: [
    { title: 'source', from: { subjects: ['a'] } },
    { title: 'sink', to: { subject: 'a' } },
  ],
};
