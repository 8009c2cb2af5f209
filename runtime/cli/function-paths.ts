import { type ProjectFolders, projectFile } from '../project/project-files.ts';

/** Paths of function files, by name. */
export function functionPaths(names: readonly string[], project: ProjectFolders): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name, projectFile(project, 'functions', name)]));
}
