import { compilePolicy } from '../../labels/compile-policy.ts';
import type { PolicyFile } from '../../labels/policy-file.ts';
import { LabelJudge } from './label-judge.ts';

/** The labels of a bundle. Throws TypeError for a policy that was not checked. `guardSchemas`: by name. */
export function bundledLabels(file: PolicyFile, guardSchemas: Readonly<Record<string, unknown>>): LabelJudge {
  const { policy } = compilePolicy(file);
  if (policy === undefined) throw new TypeError('the label policy has flaws: the pipeline was not checked');
  return new LabelJudge(policy, guardSchemas);
}
