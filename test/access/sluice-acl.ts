import assert from 'node:assert/strict';
import type { AccessComparison } from '../../runtime/contract/access.ts';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { type AccessPlan, accessPlans } from '../../runtime/host/access.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { type ProcessOptions, startSluice } from '../harness/sluice-process.ts';

interface Ran {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** `sluice acl ...args`. */
export async function sluiceAcl(args: readonly string[], options: ProcessOptions = {}): Promise<Ran> {
  await using command = startSluice(['acl', ...args], options);
  const code = await command.ended();
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

// A process of the command takes seconds on a busy machine, so what the servers are tested with is made and compared in this
// one. What the command adds to it is in `rights.test.ts` and at the end of `nats.server.test.ts`.

async function planOf(
  file: string,
  mode: 'check' | 'run',
  isWanted: (plan: AccessPlan) => boolean,
): Promise<AccessPlan & { write(): string }> {
  const { spec, findings } = readPipeline(file, mode).result;
  assert.ok(spec !== undefined, JSON.stringify(findings));
  const plan = (await accessPlans(spec, catalog)).find(isWanted);
  assert.ok(plan !== undefined, 'no such broker in the file');
  return { ...plan, write: () => plan.broker.write(plan.users, spec.name) };
}

/** What `sluice acl FILE --for BROKER` prints. */
export async function configurationFor(broker: string, file: string): Promise<string> {
  const plan = await planOf(file, 'check', (one) => one.broker.name === broker);
  return plan.write();
}

/** AccessComparison with lines `kind user: right`. */
export interface Differences extends Omit<AccessComparison, 'differences'> {
  readonly lines: readonly string[];
}

const linesOf = ({ differences, looked, unseen }: AccessComparison): Differences => ({
  lines: differences.map(({ kind, user, right }) => `${kind} ${user}: ${right}`),
  looked,
  unseen,
});

/** What `sluice acl FILE --check URL` finds. Rejects with the error that it would print. `env` is set in this process. */
export async function differencesAt(
  url: string,
  file: string,
  { env = {} }: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Differences> {
  Object.assign(process.env, env);
  const at = new URL(url);
  const plan = await planOf(file, 'run', ({ broker }) => broker.schemes.includes(at.protocol.slice(0, -1)));
  return linesOf(await plan.broker.compare(at, plan.users));
}

/** The same by the command, with its exit code and its JSON. */
export async function differencesByCommand(url: string, file: string, options: ProcessOptions): Promise<Differences> {
  const { code, stdout, stderr } = await sluiceAcl([file, '--check', url, '--json'], options);
  assert.ok(code === 0 || code === 4, stderr);
  const found = JSON.parse(stdout) as AccessComparison & { readonly ok: boolean };
  assert.equal(code, found.ok ? 0 : 4);
  return linesOf(found);
}
