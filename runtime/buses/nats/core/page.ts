import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'NATS (core)',
  examples: [
    { title: 'source', from: { subjects: ['a'] } },
    { title: 'sink', to: { subject: 'a' } },
  ],
};
