import { asList, asMap, own } from '#kit/json-value.ts';

/** The words of a pipeline file about labels, as they are written. */
export interface LabelWords {
  /** Name of the policy: `schemas/NAME.policy.json`. Undefined where the file has no `labels`, or a wrong one. */
  readonly policy: string | undefined;
  /** What the state folder may hold: dead letters, spool. Undefined: anything. */
  readonly state: string | undefined;
  /** What logs, metrics and traces may tell of. Undefined: anything. */
  readonly telemetry: string | undefined;
}

export function labelWords(file: unknown): LabelWords {
  const labels = own(asMap(file), 'labels');
  if (typeof labels === 'string') return { policy: labels, state: undefined, telemetry: undefined };
  const { policy, state, telemetry } = asMap(labels);
  return { policy: textOf(policy), state: textOf(state), telemetry: textOf(telemetry) };
}

/** The routes of a file, as they are written. */
export function routesOf(file: unknown): readonly unknown[] {
  return asList(own(asMap(file), 'routes'));
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
