/** The public door: all that a function sees of the runtime. */
export { drop, emit, reject } from '#contract/transform.ts';
export type { Context, Emitted, Transform } from '#contract/transform.ts';
