import { patient } from '../harness/patience.ts';
import { startSluice } from '../harness/sluice-process.ts';

/** A probe that is answered later counts as silence: a busy machine gets more time. */
const QUIET_MS = patient(400);
/** A check of seconds. */
export const BRIEF = ['--rate', '1000/s', '--count', '400', '--keys', '4', '--quiet-after', `${QUIET_MS}ms`];

/** How a check ended. */
export interface Said {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** `sluice verify ...args`, to its end. */
export async function verify(args: readonly string[], cwd?: string): Promise<Said> {
  await using process = startSluice(['verify', ...args], cwd === undefined ? {} : { cwd });
  const code = await process.ended(60_000);
  return { code, stdout: process.stdout(), stderr: process.stderr() };
}
