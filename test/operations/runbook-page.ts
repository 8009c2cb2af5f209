import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ADMIN_ERRORS } from '#contract/admin-codes.ts';
import { INFRA_ERRORS } from '#contract/infra-codes.ts';
import { ERRORS } from '#contract/errors.ts';
import { LOSSES, NOTICES } from '#contract/event-codes.ts';

export const PAGE = fileURLToPath(new URL('../../docs/operations/runbook.md', import.meta.url));

const BEGIN = '<!-- generated: codes -->';
const END = '<!-- end: codes -->';

type ErrorRow = (typeof ERRORS)[keyof typeof ERRORS];

/** Where an error shows, by its scope and verdict. */
function lookAt(code: string, { scope, verdict }: ErrorRow): string {
  if (Object.hasOwn(ADMIN_ERRORS, code)) {
    return 'log: `ended`, with exit code 3, for the pipeline does not start; or the output of `sluice status` and `sluice top`.';
  }
  if (Object.hasOwn(INFRA_ERRORS, code)) return 'the output of `sluice infra`: no pipeline is concerned.';
  if (scope === 'bus') {
    return `\`/readyz?verbose\` names the connection; log: \`bus-problem\` with \`code=${code}\`; \`sluice_source_connected\`, \`sluice_sink_connected\`. No message is blamed: messages wait.`;
  }
  const letters = `\`sluice dlq list PIPELINE --code ${code}\`, then \`dlq show\``;
  return verdict === 'reject'
    ? `${letters}; log: \`dead-letter\`; \`sluice_deadletter_messages_total{sluice_deadletter_reason="${code}"}\`.`
    : `\`sluice_retries_total\`; the message is tried again, and after its attempts it is a letter: ${letters}.`;
}

function errors(): string {
  return Object.entries(ERRORS)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, row]) => `#### ${code}\n\n- Look at: ${lookAt(code, row)}\n- Means, and do: ${row.remedy}`)
    .join('\n\n');
}

function events(table: Readonly<Record<string, string>>, lookFor: (code: string) => string): string {
  return Object.entries(table)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, meaning]) => `#### ${code}\n\n- Means: ${meaning}.\n- Look at: ${lookFor(code)}`)
    .join('\n\n');
}

/** The page with its part of codes made anew. */
export function runbookPage(written = readFileSync(PAGE, 'utf8')): string {
  const [from, to] = [written.indexOf(BEGIN), written.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/operations/runbook.md lacks ${BEGIN} ... ${END}`);
  const codes = `### Errors

${errors()}

### Losses

Messages that were gone from the source before the route had read them. They are lost to this route: look for them where they came from.

${events(LOSSES, (code) => `log: \`bus-loss\`; \`sluice_source_losses_total{sluice_code="${code}"}\`, \`sluice_source_lost_messages_total\`.`)}

### Notices

What an operator should know once. Nothing is lost by it.

${events(NOTICES, (code) => `log: the first \`bus-notice\` with \`code=${code}\` says more; \`sluice_bus_notices_total{sluice_code="${code}"}\` counts it.`)}
`;
  return `${written.slice(0, from)}${BEGIN}\n\n${codes}\n${written.slice(to)}`;
}

if (import.meta.main) writeFileSync(PAGE, runbookPage());
