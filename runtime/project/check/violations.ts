import type { ErrorObject } from 'ajv';
import { isMap } from '#kit/json-value.ts';
import { isWithin } from '#kit/pointer.ts';
import { admits } from './schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';

export type Violation = ErrorObject<string, Record<string, unknown>>;

function branchesOf(union: Violation): readonly JsonSchema[] {
  return Array.isArray(union.schema) ? union.schema.filter(isMap) : [];
}

/** The branch of a union that the value was meant for; undefined where that is a guess. */
function meantBranch(union: Violation): number | undefined {
  const { data } = union;
  const branches = branchesOf(union);
  const possible = [...branches.keys()].filter((index) => {
    const branch = branches[index];
    return branch !== undefined && 'type' in branch && admits(branch, data);
  });
  if (possible.length === 1) return possible[0];
  if (!isMap(data)) return undefined;
  const sharing = possible.filter((index) => {
    const properties = branches[index]?.['properties'];
    return isMap(properties) && Object.keys(data).some((key) => Object.hasOwn(properties, key));
  });
  return sharing.length === 1 ? sharing[0] : undefined;
}

/** A union that only constrains which keys go together, not the kind of the value. */
export function isKeyChoice(union: Violation): boolean {
  return branchesOf(union).every((branch) => Array.isArray(branch['required']) && !('type' in branch));
}

/** Keeps of every broken union either its own violation or those of the branch that was meant, never all. */
function withoutUnionNoise(violations: readonly Violation[]): readonly Violation[] {
  let left = violations;
  for (const union of violations) {
    if ((union.keyword !== 'anyOf' && union.keyword !== 'oneOf') || !left.includes(union)) continue;
    const meant = meantBranch(union);
    const ofBranch = (violation: Violation, index: number | undefined): boolean =>
      isWithin(violation.instancePath, union.instancePath) &&
      violation.schemaPath.startsWith(`${union.schemaPath}/${index ?? ''}`);
    const hasOwn = meant !== undefined && left.some((one) => one !== union && ofBranch(one, meant));
    left = left.filter((one) => {
      if (one === union) return !hasOwn;
      return !ofBranch(one, undefined) || (hasOwn && ofBranch(one, meant));
    });
  }
  return left;
}

// `if` repeats the violations of its branch; `propertyNames` reports those of a key's name.
function isEcho(violation: Violation): boolean {
  return violation.keyword === 'if' || violation.propertyName !== undefined;
}

/** The violations to report, without repetitions and without branches that were not meant. */
export function essential(violations: readonly Violation[]): readonly Violation[] {
  return withoutUnionNoise(violations.filter((violation) => !isEcho(violation)));
}
