import type { Bus, Guarantees } from '#contract/bus.ts';
import type { BusExample } from '#contract/bus-page.ts';
import { withDefaults } from '../conformance/fixture.ts';

/** An example of a bus's page, with the bus that it is of. */
export type BusShape = BusExample & { readonly bus: Bus };

/** The ways to use the buses of a catalog that promise something different from one another. */
export function shapesOf(buses: readonly Bus[]): readonly BusShape[] {
  return buses.flatMap((bus) => bus.page.examples.map((example) => ({ ...example, bus })));
}

export function guaranteesOf(shape: BusShape): Guarantees {
  const { bus } = shape;
  const connection = withDefaults(bus.connectionSchema, { ...shape.connection });
  return 'from' in shape
    ? bus.sourceGuarantees({ connection, end: withDefaults(bus.sourceSchema, shape.from) })
    : bus.sinkGuarantees({ connection, end: withDefaults(bus.sinkSchema, shape.to) });
}
