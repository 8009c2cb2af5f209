import { harmless } from '#kit/printable.ts';
import type { LetterSummary } from '../store/dead-letters/stored-letter.ts';
import { type Clearance, divided } from '../labels/clearance.ts';
import { aligned } from './aligned.ts';
import { UsageError } from './command.ts';
import type { DlqTask } from './dlq-task.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { letterSummary, moment } from './dead-letter-json.ts';
import { printJson } from './output.ts';

const LIMIT = '100';
/** What a label in the pipeline file does not have. */
const POLICY = /^1;p=[^;]*;c=/;
/** Widest a column of names becomes. */
const WIDEST = 32;

export function listLetters({ given, folder, deadLetters, filter, clearance, isJson }: DlqTask): ExitCode {
  const { limit = LIMIT } = given.values;
  if (typeof limit !== 'string' || !/^[1-9]\d{0,8}$/.test(limit)) {
    throw new UsageError(`expected --limit with a number of at least 1, found ${String(limit)}`);
  }
  const found = deadLetters.list(filter, Number(limit));
  const { allowed: letters, denied } = divided(found, clearance);
  const total = deadLetters.count(filter);
  if (isJson) {
    printJson('dlq', { ok: true, folder, total, aboveClearance: denied.length, letters: letters.map(letterSummary) });
    return EXIT.fine;
  }
  process.stdout.write(total === 0 ? 'There are no such letters.\n' : table(letters));
  if (denied.length > 0) process.stdout.write(leftOut(denied, clearance));
  if (found.length < total) {
    process.stdout.write(`The last ${found.length} of ${total}: --limit shows more, filters fewer.\n`);
  }
  return EXIT.fine;
}

function leftOut(letters: readonly LetterSummary[], { text = '' }: Clearance): string {
  const unlabelled = letters.filter(({ label }) => label === undefined).length;
  const above = letters.length - unlabelled;
  const parts = [
    ...(above > 0 ? [`${above} above the clearance ${text}`] : []),
    ...(unlabelled > 0 ? [`${unlabelled} without a label`] : []),
  ];
  return `Left out: ${parts.join(', ')}.\n`;
}

/** One line a letter, aligned, cut to the terminal where there is one. */
export function table(letters: readonly LetterSummary[], width: number = process.stdout.columns || Infinity): string {
  const hasLabels = letters.some(({ label }) => label !== undefined);
  const rows = letters.map((letter) => [
    String(letter.number),
    moment(letter.diedAtMs)?.replace('T', ' ').slice(0, 19) ?? '',
    letter.route,
    letter.code,
    ...(hasLabels ? [letter.label?.replace(POLICY, '') ?? '-'] : []),
    letter.key ?? '-',
    String(letter.attempts),
    String(letter.bytes),
    letter.replay ?? '-',
    letter.text,
  ]);
  const label = hasLabels ? ['LABEL'] : [];
  const heads = ['NUMBER', 'DIED (UTC)', 'ROUTE', 'CODE', ...label, 'KEY', 'TRIES', 'BYTES', 'REPLAY', 'TEXT'];
  const last = heads.length - 1;
  const shown = [heads, ...rows].map((row) => row.map((cell, column) => cut(harmless(cell), column === last)));
  const lines = aligned(shown).map((line) => line.slice(0, width));
  return `${lines.join('\n')}\n`;
}

function cut(text: string, isLast: boolean): string {
  return isLast || text.length <= WIDEST ? text : `${text.slice(0, WIDEST - 3)}...`;
}
