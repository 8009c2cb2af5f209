import { resolve } from 'node:path';
import type { CheckLine } from '#contract/doctor.ts';
import type { PipelineSpec } from '../../project/pipeline-spec.ts';
import { machineLines } from './machine-checks.ts';
import { folderFacts, openFilesLimit, type WantedFolder } from './machine-facts.ts';

/** `home`: the folder that relative paths of the file count from. */
export interface MachinePlace {
  readonly home: string;
  readonly stateFolder: string;
}

/** The lines for this machine. Nothing stays of what was tried. */
export function examineMachine(pipeline: PipelineSpec, place: MachinePlace): readonly CheckLine[] {
  const ends = pipeline.routes.map(({ sinks, deadLetter }) => 1 + sinks.length + (deadLetter.to === undefined ? 0 : 1));
  return machineLines({
    node: process.versions.node,
    nowMs: Date.now(),
    openFiles: openFilesLimit(),
    connections: ends.reduce((sum, count) => sum + count, 0),
    folders: wantedFolders(pipeline, place).map(folderFacts),
  });
}

/** The state folder, and those of spools that lie elsewhere. */
function wantedFolders(pipeline: PipelineSpec, { home, stateFolder }: MachinePlace): readonly WantedFolder[] {
  let stateBytes = 0;
  const apart: WantedFolder[] = [];
  for (const { name, spool, deadLetter } of pipeline.routes) {
    stateBytes += deadLetter.bounds.bytes;
    if (spool === undefined) continue;
    if (spool.at === undefined) stateBytes += spool.maxBytes;
    else apart.push({ path: resolve(home, spool.at), use: `spool of route ${name}`, neededBytes: spool.maxBytes });
  }
  return [{ path: stateFolder, use: 'state', neededBytes: stateBytes }, ...apart];
}
