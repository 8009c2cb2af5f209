import { isBuiltin } from 'node:module';

const LONGEST = 64;

/** Why npm, or a folder, would not take this name; undefined where both do. */
export function nameFlaw(name: string): string | undefined {
  if (name === '') return 'expected a name, found none';
  if (/[/\\]/.test(name)) return `expected a name and no path, found ${name}: change to the folder that is to hold it`;
  if (name.length > LONGEST) return `expected a name of at most ${LONGEST} characters, found ${name.length}`;
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    return `expected a name of a-z, 0-9, -, . and _ that begins with a letter or a digit, as npm asks for, found ${JSON.stringify(name)}`;
  // A package cannot depend on one of its own name.
  if (['node_modules', 'favicon.ico', 'sluice', 'typescript'].includes(name) || isBuiltin(name))
    return `expected a name that is free, found ${name}, which is that of something else`;
  return undefined;
}

/** The name of the pipeline: on one server no two pipelines have the same. */
export function pipelineName(project: string): string {
  const plain = project.replaceAll(/[^a-z0-9-]/g, '-');
  return (/^[a-z]/.test(plain) ? plain : `bridge-${plain}`).slice(0, LONGEST);
}
