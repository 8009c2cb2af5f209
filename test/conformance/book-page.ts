// `node test/conformance/book-page.ts` writes docs/conformance.md; a test fails when it drifts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { excuseOf, FAMILIES, CONFORMANCE_TESTS } from './conformance.ts';
import { SUBJECTS } from '../brokers/all.ts';

const PAGE = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function sentences(): string {
  return Object.entries(FAMILIES)
    .map(([family, tests]) => {
      const lines = tests.map(({ name, sentence }) => `- \`${name}\`: ${capital(sentence)}.`);
      return `### ${family}\n\n${lines.join('\n')}`;
    })
    .join('\n\n');
}

/** A table of marks, and the reasons to which its numbers lead. */
function matrix(): string {
  const reasons: string[] = [];
  const numberOf = (reason: string): number => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return reasons.indexOf(reason) + 1;
  };
  const rows = CONFORMANCE_TESTS.map((test) => {
    const marks = SUBJECTS.map((subject) => {
      const reason = excuseOf(subject, test);
      return reason === undefined ? 'passes' : `(${numberOf(reason)})`;
    });
    return row([`\`${test.name}\``, ...marks]);
  });
  const head = ['test', ...SUBJECTS.map(({ name }) => name)];
  const table = [row(head), row(head.map(() => '---')), ...rows].join('\n');
  return `${table}\n\n${reasons.map((reason, at) => `${at + 1}. ${capital(reason)}.`).join('\n')}`;
}

export function freshPage(): string {
  return `# Conformance tests

This page lists the duties of every driver. \`test/conformance/\` judges each driver by the same list, on the real server of
its bus. Where a bus cannot pass a test, its guarantees are smaller (\`runtime/buses/*/\`, printed in \`docs/buses/\`), and the
table below gives the reason; the test stays as strict as it is. Each test fails for at least one mutant, a driver with one
deliberate fault (\`test/conformance/mutants/\`), so that no test passes by chance.

Run one bus: \`node --test test/conformance/kafka.server.test.ts\`. The tests start their own servers on free ports. Links between
driver and server can be cut, silenced and slowed down. A server is killed with SIGKILL; mosquitto saves its state before,
because its confirmations do not mean that the message is on disk. \`node test/conformance/book-page.ts\` generates this page;
a test fails when it drifts.

## The tests

${sentences()}

## Results by bus

${matrix()}
`;
}

export function writtenPage(): string {
  return readFileSync(PAGE, 'utf8');
}

if (import.meta.main) writeFileSync(PAGE, freshPage());
