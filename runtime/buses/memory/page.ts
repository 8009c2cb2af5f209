import type { BusPage } from '#contract/bus-page.ts';

export const page: BusPage = {
  title: 'Memory',
  examples: [
    { title: 'source', from: { addresses: ['a'] } },
    { title: 'sink', to: { address: 'a' } },
  ],
};
