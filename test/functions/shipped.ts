import assert from 'node:assert/strict';
import type { Transform } from '../../runtime/contract/transform.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { loadFunctions } from '../../runtime/project/functions/load-functions.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import { readProjectFolders, projectFile } from '../../runtime/project/project-files.ts';
import trackSchema from '../../schemas/track.v1.json' with { type: 'json' };

/** Path of a function that this project ships. */
export function pathOf(name: string): string {
  return projectFile(readProjectFolders(packageFolder()), 'functions', name);
}

/** A function that this project ships, loaded as the bridge loads it. */
export async function shippedFunction(name: string): Promise<Transform<string | object, unknown>> {
  const { functions, findings } = await loadFunctions(new Map([[name, pathOf(name)]]), packageFolder());
  const found = functions.get(name);
  assert.ok(found, findingsText(findings));
  return found.transform;
}

export const isTrack = schemaCompiler([{ name: 'track.v1', schema: trackSchema }]).compile('track.v1');
