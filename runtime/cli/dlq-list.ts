import { harmless } from '#kit/printable.ts';
import type { LetterSummary } from '../store/dead-letters/stored-letter.ts';
import { UsageError } from './command.ts';
import type { DlqTask } from './dlq-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { letterSummary, moment } from './dead-letter-json.ts';

const LIMIT = '100';
/** Widest a column of names becomes. */
const WIDEST = 32;

export function listLetters({ given, folder, deadLetters, filter, isJson }: DlqTask): ExitCode {
  const { limit = LIMIT } = given.values;
  if (typeof limit !== 'string' || !/^[1-9]\d{0,8}$/.test(limit)) {
    throw new UsageError(`expected --limit with a number of at least 1, found ${String(limit)}`);
  }
  const letters = deadLetters.list(filter, Number(limit));
  const total = deadLetters.count(filter);
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ ok: true, folder, total, letters: letters.map(letterSummary) })}\n`);
    return EXIT.fine;
  }
  process.stdout.write(total === 0 ? 'There are no such letters.\n' : table(letters));
  if (letters.length < total) {
    process.stdout.write(`The last ${letters.length} of ${total}: --limit shows more, filters fewer.\n`);
  }
  return EXIT.fine;
}

/** One line a letter, aligned, cut to the terminal where there is one. */
export function table(letters: readonly LetterSummary[], width: number = process.stdout.columns || Infinity): string {
  const rows = letters.map((letter) => [
    String(letter.number),
    moment(letter.diedAtMs)?.replace('T', ' ').slice(0, 19) ?? '',
    letter.route,
    letter.code,
    letter.key ?? '-',
    String(letter.attempts),
    String(letter.bytes),
    letter.replay ?? '-',
    letter.text,
  ]);
  const heads = ['NUMBER', 'DIED (UTC)', 'ROUTE', 'CODE', 'KEY', 'TRIES', 'BYTES', 'REPLAY', 'TEXT'];
  const shown = [heads, ...rows].map((row) => row.map((cell, column) => cut(harmless(cell), column)));
  const widths = heads.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  const lines = shown.map((row) =>
    row
      .map((cell, column) => (column === heads.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .slice(0, width),
  );
  return `${lines.join('\n')}\n`;
}

function cut(text: string, column: number): string {
  const isLast = column === 8;
  return isLast || text.length <= WIDEST ? text : `${text.slice(0, WIDEST - 3)}...`;
}
