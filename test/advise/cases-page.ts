import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { othersThan, reasonsFor } from '../../runtime/advise/reasons.ts';
import { adviceFor } from './case-advice.ts';
import type { Case } from './cases/case.ts';
import { CASES } from './cases.ts';

export const PAGE = fileURLToPath(new URL('../../docs/advise-cases.md', import.meta.url));

/** docs/advise-cases.md, made of the cases and of what the rules say of them. */
export function casesPage(): string {
  const agreed = CASES.filter(({ chose, ours }) => chose === ours).length;
  const rows = CASES.map(
    ({ who, chose, ours }, index) =>
      `| ${index + 1} | ${who} | ${chose} | ${ours} | ${chose === ours ? 'yes' : 'no'} |`,
  );
  return `# Cases from public articles

[\`sluice advise\`](advise.md) against the choices of others: ${CASES.length} needs, each with the bus that its author chose. The rules agree with ${agreed} of
them. This page is generated from \`test/advise/cases/\` by \`node test/advise/cases-page.ts\`; a test fails when it drifts, or when
the rules say something else than the page.

Three things to know before you believe the number:

- The needs are our reading of an article. Where it gives no figure, we left the word out or say that it is a guess.
- The rules were written while these cases lay on the table. Agreement shows that the rules reproduce known choices, not that they foresee new ones.
- Articles are written by those who are content. Several publishers sell the bus that they praise.

| | who | chose | ours | agrees |
|---|---|---|---|---|
${rows.join('\n')}

${CASES.map(section).join('\n\n')}
`;
}

function section(one: Case, index: number): string {
  const { who, source, facts, need, have = [], end, chose, why } = one;
  const advice = adviceFor(one);
  const ours = advice.ends[end];
  const strongest = reasonsFor(ours)
    .filter(({ weight }) => typeof weight === 'number' && weight > 0)
    .slice(0, 3)
    .map(({ weight, why: reason }) => `+${weight} ${reason}`);
  const close = othersThan(ours)
    .filter(({ isClose }) => isClose)
    .map(({ bus, why: reason }) => `${bus} (${reason})`);
  const known = have.length === 0 ? '' : `, where ${have.join(' and ')} is operated already`;
  return [
    `## ${index + 1}. ${who}`,
    '',
    `Source: [${source.title}](${source.url}), ${source.publisher}, ${source.year}.`,
    '',
    `- What it says: ${facts}`,
    `- As a need: \`${need}\`${known}`,
    `- Chosen there: **${chose}**. Ours: **${ours.bus}**, class \`${advice.class.name}\`.`,
    ...(strongest.length === 0 ? [] : [`- Our reasons: ${strongest.join('; ')}.`]),
    ...(close.length === 0 ? [] : [`- Close: ${close.join('; ')}.`]),
    `- ${chose === ours.bus ? 'Why both agree' : 'Why we differ'}: ${why}`,
  ].join('\n');
}

if (import.meta.main) writeFileSync(PAGE, casesPage());

/** As it lies in docs/. */
export function writtenPage(): string {
  return readFileSync(PAGE, 'utf8');
}
