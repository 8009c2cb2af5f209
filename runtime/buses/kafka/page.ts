import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'Kafka',
  hint: 'a log with partitions, in the order of each key',
  examples: [
    { title: 'source', from: { topics: ['a'] } },
    { title: 'source, `start: latest`', from: { topics: ['a'], start: 'latest' } },
    { title: 'sink', to: { topic: 'a' } },
  ],
};
