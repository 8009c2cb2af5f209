import type { CheckLine, CheckVerdict } from '#contract/doctor.ts';
import { harmless, oneLine } from '#kit/printable.ts';
import type { DoctorReport } from './output.ts';
import { isLive } from './paint.ts';

/** The terminal, or the file, that the text is for. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The word of a verdict, and its colour on a terminal. */
const VERDICTS: Readonly<Record<CheckVerdict, readonly [word: string, colour: string]>> = {
  ok: ['ok', '32'],
  unknown: ['not tried', '2'],
  warning: ['warning', '33'],
  error: ['error', '31'],
};
const WORD_WIDTH = 9;
const CODE_WIDTH = 17;
const INDENT = 2 + WORD_WIDTH + 2 + CODE_WIDTH + 2;
/** In a narrower terminal the columns would leave no room for words. */
const NARROWEST = 64;

/** Grouped by connection and machine; the sum comes last. */
export function doctorText(
  { connections, machine }: Omit<DoctorReport, 'ok'>,
  output: Output,
  environment: NodeJS.ProcessEnv,
): string {
  const isTerminal = output.isTTY === true;
  const isColoured = isLive(output, environment);
  const width = isTerminal ? Math.max(NARROWEST, output.columns || 80) : Number.POSITIVE_INFINITY;
  const groups = [
    ...connections.map(({ connection, bus, lines }) => [`${connection} (${bus})`, lines] as const),
    ['this machine', machine] as const,
  ];
  const text = groups.map(
    ([title, lines]) => `${title}\n${lines.map((line) => lineText(line, width, isColoured)).join('')}`,
  );
  return `${text.join('\n')}\n${sumText(groups.flatMap(([, lines]) => lines))}\n`;
}

function lineText({ code, verdict, about, found, write }: CheckLine, width: number, isColoured: boolean): string {
  const [word, colour] = VERDICTS[verdict];
  const padded = word.padEnd(WORD_WIDTH);
  const shown = isColoured ? `\u001B[${colour}m${padded}\u001B[0m` : padded;
  const said = printable(about === '' ? found : `${about}: ${found}`);
  const lines = wrapped(said, width - INDENT);
  if (write !== undefined)
    lines.push(...wrapped(`write ${printable(write)}`, width - INDENT - 2).map((one) => `  ${one}`));
  const head = `  ${shown}  ${code.padEnd(CODE_WIDTH)}  ${lines[0] ?? ''}`;
  const rest = lines.slice(1).map((one) => `${' '.repeat(INDENT)}${one}`);
  return [head, ...rest].map((one) => `${one}\n`).join('');
}

const printable = (text: string): string => harmless(oneLine(text));

/** Lines of at most `width` characters, broken between words; a longer word is a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const many = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

function sumText(lines: readonly CheckLine[]): string {
  const count = (verdict: CheckVerdict): number => lines.filter((line) => line.verdict === verdict).length;
  const parts = [`${count('ok')} ok`, `${count('unknown')} not tried`];
  return `${[...parts, many(count('warning'), 'warning'), many(count('error'), 'error')].join(', ')}.`;
}
