import type { DlqTask } from './dlq-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { letterJson } from './dead-letter-json.ts';
import { exportPrivately } from './private-export.ts';

/** JSON Lines, one letter each. */
export async function exportLetters(task: DlqTask): Promise<ExitCode> {
  const { out } = task.given.values;
  const left = { count: 0 };
  if (typeof out === 'string') {
    const count = exportPrivately(out, linesOf(task, left));
    process.stdout.write(`${count} letters are in ${out}.\n`);
  } else for (const line of linesOf(task, left)) await written(line);
  if (left.count > 0)
    process.stderr.write(`sluice: LABEL_DENIED  ${left.count} letters are above the clearance and left out\n`);
  return EXIT.fine;
}

/** Counts those that are above the clearance, and leaves them out. */
function* linesOf({ deadLetters, filter, clearance }: DlqTask, left: { count: number }): Generator<string> {
  for (const letter of deadLetters.each(filter)) {
    if (clearance.allows(letter)) yield `${JSON.stringify(letterJson(letter))}\n`;
    else left.count += 1;
  }
}

/** Waits while the reader of a pipe is slow. */
function written(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
  });
}
