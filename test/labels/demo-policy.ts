import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy } from '../../runtime/labels/compile-policy.ts';
import type { PolicyFile } from '../../runtime/labels/policy-file.ts';
import type { LabelPolicy } from '../../runtime/labels/policy.ts';

export const DEMO_FILE: PolicyFile = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schemas/ops.policy.json'), 'utf8'),
);

/** The same, but sources may assume labels. */
export const ASSUMING_FILE: PolicyFile = { ...DEMO_FILE, missing: 'sourceDefault' };

export function demoPolicy(changes: Partial<PolicyFile> = {}): LabelPolicy {
  const { policy, flaws } = compilePolicy({ ...DEMO_FILE, ...changes });
  assert.ok(policy, JSON.stringify(flaws));
  return policy;
}
