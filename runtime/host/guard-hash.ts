import { canonicalJson } from '#kit/canonical-json.ts';
import { digestOf } from '../guards/digest.ts';
import type { GuardSpec } from '../guards/guard-spec.ts';

/** The hash of all that decides what a guard does: its words, its schemas, the policy of its labels. */
export function guardHash(spec: GuardSpec, schemas: readonly unknown[], policy: string): string {
  return digestOf(canonicalJson(asJson({ spec, schemas, policy })));
}

/** Maps as objects, and what is undefined left out. */
function asJson(value: unknown): unknown {
  if (value instanceof Map) return asJson(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, asJson(member)]));
}
