import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Report, VERDICT_NAMES } from '../../runtime/verify/verdicts.ts';
import type { ChaosOutcome } from './chaos-run.ts';

/** What one route of one pair has gone through. */
export interface Row {
  readonly pair: string;
  readonly report: Report;
  readonly faults: number;
}

export function rowsOf(source: string, sink: string, { reports, faults }: ChaosOutcome): readonly Row[] {
  return [...reports.values()].map((report) => ({ pair: `${source} → ${sink}`, report, faults: faults.length }));
}

const HEAD = ['pair', 'class', 'faults', 'sent', 'arrived', 'letters', 'unread', 'again', 'silence', 'verdict'];

function cells({ pair, report, faults }: Row): readonly string[] {
  const { sent, distinct, arrived, deadLettered, expiredUnread, longestSilenceMs, verdicts } = report;
  const wrong = VERDICT_NAMES.filter((name) => verdicts[name].count > 0).map(
    (name) => `${verdicts[name].count} ${name}`,
  );
  return [
    pair,
    report.class,
    String(faults),
    String(sent),
    String(distinct),
    String(deadLettered),
    String(expiredUnread),
    String(arrived - distinct),
    `${(longestSilenceMs / 1000).toFixed(1)} s`,
    wrong.length === 0 ? 'fine' : `**${wrong.join(', ')}**`,
  ];
}

/** As Markdown, which a terminal shows well enough. */
export function tableText(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0), 3));
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = lines;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}

const BEGIN = '<!-- chaos: written by `npm run chaos -- --write` -->';
const END = '<!-- chaos: end -->';

/** Puts the table into a page, in the place of the last one. */
export function writeTable(file: string, rows: readonly Row[], command: string): void {
  const day = new Date().toISOString().slice(0, 10);
  const section = `${BEGIN}\n\n\`${command}\`, ${day}:\n\n${tableText(rows)}\n\n${END}`;
  const page = existsSync(file) ? readFileSync(file, 'utf8') : `# Guarantees\n\n${BEGIN}\n${END}\n`;
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  const whole =
    start === -1 || end === -1
      ? `${page}\n${section}\n`
      : `${page.slice(0, start)}${section}${page.slice(end + END.length)}`;
  writeFileSync(file, whole);
}
