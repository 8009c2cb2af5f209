// `npm run bench [-- OPTIONS]`, see docs/bench.md: Sluice and bridges written by hand on the same clients, side by side.
import { casesNamed } from './cases.ts';
import { OPTIONS } from './options.ts';
import { compareThroughput } from './throughput.ts';

const { cases, isGate } = OPTIONS;

for (const kind of casesNamed(cases)) {
  try {
    const { text, isOver } = await compareThroughput(kind);
    process.stdout.write(text);
    if (isGate && isOver) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${kind.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
if (cases === undefined) await import('./start.ts');
