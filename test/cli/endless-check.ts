import { patient } from '../harness/patience.ts';
import { newProject, type Project } from '../host/project.ts';
import { startSluice } from '../host/sluice-process.ts';

/** A pipeline whose check never ends, whatever the checker does: its function loops when it is loaded. */
export function endless(): Project {
  return newProject({
    'pipelines/p.yaml': {
      name: 'p',
      buses: { hub: { bus: 'memory', hub: 'h' } },
      routes: [
        {
          name: 'r',
          from: { bus: 'hub', addresses: ['in'] },
          stages: [{ function: 'f' }],
          to: { bus: 'hub', address: 'out' },
        },
      ],
    },
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
