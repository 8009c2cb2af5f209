import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'Memory',
  hint: 'within one process, for tests',
  examples: [
    { title: 'source', from: { addresses: ['a'] } },
    { title: 'sink', to: { address: 'a' } },
  ],
};
