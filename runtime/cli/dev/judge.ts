import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { asList, asMap } from '#kit/json-value.ts';
import { findingsText } from '../../project/check/findings-text.ts';
import type { Finding } from '../../project/check/findings.ts';

/**
 * Checks a pipeline file with its functions, types and schemas in a process of its own: what throws, loops or ends the process while
 * it is imported ends only that one. Undefined: there is no error.
 */
export async function judgeApart(file: string): Promise<string | undefined> {
  const [main = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, main, 'check', file, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = await ended;
  if (code === 0) return undefined;
  const errors = findingsIn(out).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return findingsText(errors);
  return err.trim() || `the check ended with exit code ${code}: does a function end the process while it is imported?`;
}

function findingsIn(out: string): readonly Finding[] {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the check is the same program as this one
    return asList(asMap(JSON.parse(out))['findings']) as readonly Finding[];
  } catch {
    return [];
  }
}
