import { basename, relative } from 'node:path';

/** The command that runs this program in the current folder: `sluice`, or this Node and this file if it is not installed. */
export function commandPrefix(): string {
  const [node = 'node', file = ''] = process.argv;
  if (basename(file) === 'sluice') return file.includes('node_modules') ? 'npx sluice' : 'sluice';
  const program = relative(process.cwd(), node);
  // npm's scripts run on the project's own Node: the one on the PATH may be too old.
  return `${program.startsWith('..') ? 'node' : program} ${relative(process.cwd(), file)}`;
}
