import type { Project } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

export const TRACK = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string' }, at: { $ref: 'geo.v1.json' } },
  additionalProperties: false,
};
export const GEO = { type: 'object', required: ['lat'], properties: { lat: { type: 'number', maximum: 90 } } };

/** `sluice schema ...` in the project's folder. */
export async function sluice(
  project: Project,
  ...args: readonly string[]
): Promise<{ exit: unknown; out: string; error: string }> {
  await using process = startSluice(['schema', ...args], { cwd: project.folder });
  const exit = await process.ended();
  return { exit, out: process.stdout(), error: process.stderr() };
}
