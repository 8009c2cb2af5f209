import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BUSES } from '../../runtime/advise/needs.ts';
import { RULES } from '../../runtime/advise/rank.ts';

export const PAGE = fileURLToPath(new URL('../../docs/advise.md', import.meta.url));
const START = '<!-- rules: made by test/advise/rules-page.ts -->';
const END = '<!-- rules end -->';

/** The page with the rules of the code between its marks. */
export function freshPage(): string {
  const page = writtenPage();
  const [before, rest = ''] = page.split(START);
  const after = rest.split(END)[1] ?? '';
  return `${before}${START}\n\n${table()}\n\n${END}${after}`;
}

function table(): string {
  const rows = RULES.map((rule) => {
    const cells = BUSES.map((bus) => {
      const [weight] = rule[bus] ?? [''];
      return typeof weight === 'number' && weight > 0 ? `+${weight}` : String(weight);
    });
    return `| ${rule.where} | ${cells.join(' | ')} |`;
  });
  return [`| where | ${BUSES.join(' | ')} |`, `|---|${BUSES.map(() => '---|').join('')}`, ...rows].join('\n');
}

if (import.meta.main) writeFileSync(PAGE, freshPage());

/** As it lies in docs/. */
export function writtenPage(): string {
  return readFileSync(PAGE, 'utf8');
}
