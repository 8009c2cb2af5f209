import { json } from '../codecs/json.ts';
import { messageJson } from '../ends/shown-message.ts';
import { readBody } from '../ends/shown-body.ts';
import type { StoredLetter } from '../store/dead-letters/stored-letter.ts';
import type { DlqTask } from './dlq-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { letterJson } from './dead-letter-json.ts';
import { exportPrivately } from './private-export.ts';

/** JSON Lines, one letter each; with --messages only the message of each, as `try` and `send` read it. */
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
function* linesOf({ given, deadLetters, filter, clearance }: DlqTask, left: { count: number }): Generator<string> {
  const line =
    given.values['messages'] === true ? messageLine : (letter: StoredLetter) => JSON.stringify(letterJson(letter));
  for (const letter of deadLetters.each(filter)) {
    if (clearance.allows(letter)) yield `${line(letter)}\n`;
    else left.count += 1;
  }
}

/** What is no JSON stays text or bytes: no codec is needed to send it again. */
function messageLine({ frame, route, receivedAtMs }: StoredLetter): string {
  const { shown } = readBody(frame.body, json);
  return messageJson({ frame, key: frame.key, route, isRetained: false, arrivedAtMs: receivedAtMs, body: shown });
}

/** Waits while the reader of a pipe is slow. */
function written(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
  });
}
