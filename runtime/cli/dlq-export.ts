import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '#contract/errors.ts';
import { UsageError } from './command.ts';
import type { LetterTask } from './letter-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { letterJson } from './letter-json.ts';

/** JSON Lines, one letter each. */
export async function exportLetters({ given, shelf, filter }: LetterTask): Promise<ExitCode> {
  const { out } = given.values;
  if (typeof out !== 'string') {
    for (const letter of shelf.each(filter)) await written(`${JSON.stringify(letterJson(letter))}\n`);
    return EXIT.fine;
  }
  let file: number;
  try {
    // Payloads of whoever publishes: nobody else's business.
    file = openSync(out, 'w', 0o600);
  } catch (thrown) {
    throw new UsageError(`expected --out with a file to write, found ${messageOf(thrown)}`);
  }
  try {
    let count = 0;
    for (const letter of shelf.each(filter)) {
      writeSync(file, `${JSON.stringify(letterJson(letter))}\n`);
      count += 1;
    }
    process.stdout.write(`${count} letters are in ${out}.\n`);
  } finally {
    closeSync(file);
  }
  return EXIT.fine;
}

/** Waits while the reader of a pipe is slow. */
function written(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
  });
}
