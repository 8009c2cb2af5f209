// `npm run bench [-- OPTIONS]`, see docs/bench.md: Sluice and bridges written by hand on the same clients, side by side.
import { casesNamed } from './cases.ts';
import { OPTIONS } from './options.ts';

const { cases, isLatency, isGate } = OPTIONS;
const compare = isLatency
  ? (await import('./latency.ts')).compareLatency
  : (await import('./throughput.ts')).compareThroughput;

for (const kind of casesNamed(cases, isLatency)) {
  try {
    const { text, isOver } = await compare(kind);
    process.stdout.write(text);
    if (isGate && isOver) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${kind.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
if (cases === undefined && !isLatency) await import('./start.ts');
