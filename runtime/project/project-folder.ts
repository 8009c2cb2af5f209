import { basename, dirname, resolve } from 'node:path';

/** The project of a pipeline file: the folder beside whose `pipelines/` lie `functions/` and `schemas/`; else the file's own folder. */
export function projectFolder(pipelineFile: string): string {
  const folder = dirname(resolve(pipelineFile));
  return basename(folder) === 'pipelines' ? dirname(folder) : folder;
}
