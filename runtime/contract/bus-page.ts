/** One way to use a bus, under the name that its page gives it. Options that are not named have their defaults. */
export type BusExample = { readonly title: string; readonly connection?: object } & (
  | { readonly from: object }
  | { readonly to: object }
);

/** The data of `docs/buses/NAME.md` beyond schemas and guarantees. */
export interface BusPage {
  /** The heading. */
  readonly title: string;
  /** One line for a person who chooses a bus, in an editor or in `sluice new`. */
  readonly hint?: string;
  /** The ways to use the bus that promise something different from one another: a column of the table of guarantees each. */
  readonly examples: readonly BusExample[];
}
