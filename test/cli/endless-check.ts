import { patient } from '../harness/patience.ts';
import { memoryProject, type Project } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

/** A pipeline whose check never ends, whatever the checker does: its function loops when it is loaded. */
export function endless(): Project {
  return memoryProject([{ function: 'f' }], {
    'functions/f.ts': 'for (;;);\nexport default (body) => body;\n',
  });
}

/** Runs a command that is to be cut. */
export async function cut(project: Project, args: readonly string[]) {
  const startMs = performance.now();
  await using process = startSluice(args, { cwd: project.folder });
  const code = await process.ended(patient(30_000));
  return { code, ms: performance.now() - startMs, stdout: process.stdout(), stderr: process.stderr() };
}
