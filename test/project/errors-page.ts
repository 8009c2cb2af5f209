import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '#contract/errors.ts';
import { LOSSES, NOTICES } from '#contract/event-codes.ts';
import { FINDING_MEANINGS } from '../../runtime/project/check/finding-meanings.ts';
import { FINDINGS } from '../../runtime/project/check/findings.ts';

export const PAGE = fileURLToPath(new URL('../../docs/errors.md', import.meta.url));

function findings(severity: string): string {
  return Object.entries(FINDING_MEANINGS)
    .filter(([code]) => Reflect.get(FINDINGS, code) === severity)
    .map(([code, meaning]) => `- \`${code}\`: ${meaning}`)
    .join('\n');
}

function running(): string {
  return Object.entries(ERRORS)
    .map(([code, { verdict, scope, remedy }]) => `- \`${code}\` (${verdict}, ${scope}): ${remedy}`)
    .join('\n');
}

function events(table: Readonly<Record<string, string>>): string {
  return Object.entries(table)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, meaning]) => `- \`${code}\`: ${meaning}.`)
    .join('\n');
}

/** docs/errors.md, made of the tables of codes. */
export function errorsPage(): string {
  return `# Error codes

Codes are stable: match on them, never on texts. This page is generated from \`runtime/project/check/finding-meanings.ts\`,
\`runtime/contract/errors.ts\` and \`runtime/contract/event-codes.ts\` by \`node test/project/errors-page.ts\`; a test fails when it drifts.

## What \`check\` finds

One line a finding, and beneath it what to write:

\`\`\`
pipelines/fleet.yaml:9:7  UNKNOWN_FIELD  error: expected bus, topics, qos or key, found topic
    write topics:
\`\`\`

Errors come last. Notices, what is worth knowing of buses and classes, are counted; \`check --notices\` shows each of them
once. \`--json\` prints one envelope with all of them, \`{ "ok": false, "findings": [...] }\`; a finding has \`severity\`, \`code\`, \`file\`, \`line\`,
\`column\`, \`path\` (a JSON pointer into the file), \`expected\`, \`found\`, \`write\`, and \`suggestion\` where a known name was
near. Contents of \`env:\` and \`file:\` references are never shown. Errors end a \`run\` before it connects, with exit code
2; warnings and notices do not.

### Errors

${findings('error')}

### Warnings

${findings('warning')}

### Notices

${findings('notice')}

## What a running bridge reports

In logs, in dead letters and in spans. In brackets what happens to the message, \`retry\` or \`reject\` (a dead letter), and
who is at fault: what is the bus's fault never counts against a message.

${running()}

## What a connection tells

Neither is an error of a message. A log line holds the code and says which connection, and of what.

### Notices

\`bus-notice\` in the log, once for each end and code while the bridge runs.

${events(NOTICES)}

### Losses

\`bus-loss\` in the log, each time: messages that the route should have carried are gone, or may be. Where their number is known, the
line has it.

${events(LOSSES)}
`;
}

if (import.meta.main) writeFileSync(PAGE, errorsPage());

/** As it lies in docs/. */
export function writtenPage(): string {
  return readFileSync(PAGE, 'utf8');
}
