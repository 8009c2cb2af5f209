/** The public door: all that a function sees of the runtime. */
export { drop, emit, reject } from '#contract/transform.ts';
export type { FunctionLog, FunctionLogFields } from '#contract/function-log.ts';
export type { Context, Emitted, Transform } from '#contract/transform.ts';
