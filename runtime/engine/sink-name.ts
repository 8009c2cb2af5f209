import { SluiceError } from '#contract/errors.ts';

/** The name of a sink towards its bus and in logs: client ids, durable names and readiness are made of it. No route has the name of a further sink. */
export function sinkName(route: string, at: number): string {
  return at === 0 ? route : `${route}.${at + 1}`;
}

/** The error with the sink of a list as its place, in the words of `check`. One that has a place already keeps it. */
export function atSink(thrown: unknown, at: number): unknown {
  return thrown instanceof SluiceError ? thrown.at({ stage: sinkPlace(at) }) : thrown;
}

/** The sink as the pipeline file has it, in a list. */
export function sinkPlace(at: number): string {
  return `to ${at + 1}`;
}
