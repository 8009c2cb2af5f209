import type { ExitCode } from './exit-codes.ts';

/** How long the last lines may take to leave a pipe. */
const FLUSH_MS = 1000;

/**
 * Ends the process once its last lines are written. Called after the pipeline was closed: a timer or a connection that a
 * function has left open must not keep the process from ending.
 */
export async function exitFlushed(code: ExitCode): Promise<never> {
  const written = [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve)));
  await Promise.race([Promise.all(written), new Promise((resolve) => setTimeout(resolve, FLUSH_MS))]);
  process.exit(code);
}
