import assert from 'node:assert/strict';
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

/** What `sluice acl FILE --for BROKER` prints. */
export async function configurationFor(broker: string, file: string): Promise<string> {
  const { code, stdout, stderr } = await sluiceAcl([file, '--for', broker]);
  assert.equal(code, 0, stderr);
  return stdout;
}

interface Compared {
  readonly ok: boolean;
  readonly looked: number;
  readonly unseen: readonly string[];
  readonly differences: readonly { readonly user: string; readonly kind: string; readonly right: string }[];
}

/** What `sluice acl FILE --check URL --json` finds, as `kind user: right`. */
export async function differencesAt(
  url: string,
  file: string,
  options: ProcessOptions & { readonly args?: readonly string[] } = {},
): Promise<{ readonly lines: readonly string[]; readonly looked: number; readonly unseen: readonly string[] }> {
  const { code, stdout, stderr } = await sluiceAcl([file, '--check', url, '--json', ...(options.args ?? [])], options);
  assert.ok(code === 0 || code === 4, stderr);
  const { ok, differences, looked, unseen } = JSON.parse(stdout) as Compared;
  assert.equal(code, ok ? 0 : 4);
  return { lines: differences.map(({ kind, user, right }) => `${kind} ${user}: ${right}`), looked, unseen };
}
