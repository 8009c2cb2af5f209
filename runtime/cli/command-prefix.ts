import { basename, relative } from 'node:path';

/** What to type from the current folder for this very command line: `sluice`, or this Node and this file where it is not installed. */
export function commandPrefix(): string {
  const [node = 'node', file = ''] = process.argv;
  if (basename(file) === 'sluice') return file.includes('node_modules') ? 'npx sluice' : 'sluice';
  const program = relative(process.cwd(), node);
  // npm's scripts run on the Node that a project brings: the one on the PATH may be too old.
  return `${program.startsWith('..') ? 'node' : program} ${relative(process.cwd(), file)}`;
}
