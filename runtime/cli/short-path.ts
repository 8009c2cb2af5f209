import { relative } from 'node:path';
import type { Finding } from '../project/check/findings.ts';

/** The path for display and typing: relative to the current folder if it is inside, else unchanged. */
export function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}

/** The finding with the path of its file as a person types it: functions, schemas and policies are read by their whole paths. */
export function withShortPath(finding: Finding): Finding {
  return { ...finding, file: shortPath(finding.file) };
}
