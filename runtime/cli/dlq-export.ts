import type { DlqTask } from './dlq-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { letterJson } from './dead-letter-json.ts';
import { exportPrivately } from './private-export.ts';

/** JSON Lines, one letter each. */
export async function exportLetters(task: DlqTask): Promise<ExitCode> {
  const { out } = task.given.values;
  if (typeof out === 'string') {
    const count = exportPrivately(out, linesOf(task));
    process.stdout.write(`${count} letters are in ${out}.\n`);
  } else for (const line of linesOf(task)) await written(line);
  return EXIT.fine;
}

function* linesOf({ deadLetters, filter }: DlqTask): Generator<string> {
  for (const letter of deadLetters.each(filter)) yield `${JSON.stringify(letterJson(letter))}\n`;
}

/** Waits while the reader of a pipe is slow. */
function written(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
  });
}
