import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { findingsText } from '../../project/check/findings-text.ts';
import { readProjectFolders } from '../../project/project-files.ts';
import { projectTypes, typesFile } from '../../project/types/written-types.ts';

/** What stands where the project is to be; undefined where there is nothing, or an empty folder. */
export function occupant(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  if (!statSync(folder).isDirectory()) return 'a file';
  const [first] = readdirSync(folder);
  return first === undefined ? undefined : `a folder that holds ${first}`;
}

/** Writes a project beside its place, with the types of its schemas, and moves it there whole. */
export function writeProject(folder: string, files: Readonly<Record<string, string>>): void {
  const beside = mkdtempSync(join(dirname(folder), '.sluice-new-'));
  try {
    const made = join(beside, 'project');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(made, path)), { recursive: true });
      writeFileSync(join(made, path), text);
    }
    const types = projectTypes(readProjectFolders(made));
    if ('findings' in types) throw new Error(findingsText(types.findings));
    writeFileSync(typesFile(made), types.made.text);
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(made, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}
