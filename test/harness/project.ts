import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** A project somewhere on the machine, with nothing of the repository around it. */
export interface Project extends Disposable {
  readonly folder: string;
  /** Absolute path of a file in it. */
  path(file: string): string;
  /** Writes the file, in the place of an older one. Content that is neither text nor bytes is written as JSON. Returns its path. */
  write(file: string, content: string | object): string;
}

/** Text of a pipeline file; JSON is YAML. */
export function pipelineText(words: object): string {
  return `${JSON.stringify(words, undefined, 2)}\n`;
}

/** `files`: by path, as `write` takes them. */
export function newProject(files: Readonly<Record<string, string | object>>): Project {
  const home = temporaryFolder('project');
  const write = (file: string, content: string | object): string => {
    const path = join(home.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : pipelineText(content));
    return path;
  };
  for (const [file, content] of Object.entries(files)) write(file, content);
  return {
    folder: home.path,
    path: (file) => join(home.path, file),
    write,
    [Symbol.dispose]: () => home[Symbol.dispose](),
  };
}

/** A project with one pipeline on the memory bus, whose route `r` goes from `in` to `out`. */
export function memoryProject(
  stages: readonly object[] = [],
  files: Readonly<Record<string, string | object>> = {},
  name = 'p',
): Project {
  const from = { bus: 'hub', addresses: ['in'] };
  const to = { bus: 'hub', address: 'out' };
  const route = stages.length === 0 ? { name: 'r', from, to } : { name: 'r', from, stages, to };
  return newProject({
    [`pipelines/${name}.yaml`]: { name, buses: { hub: { bus: 'memory', hub: 'h' } }, routes: [route] },
    ...files,
  });
}
