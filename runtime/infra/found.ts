/** Where a tool was found, or why it is not there and what would change that. */
export type Found =
  | { readonly found: true; readonly path: string }
  | { readonly found: false; readonly reason: string };
