import type { AccessBroker, AccessUser, Right } from '#contract/access.ts';
import { comment, groupedByReason } from '../../support/access-text.ts';
import { compare } from './compare.ts';

/** NATS: users with lists of subjects that they may publish and subscribe to. */
export const broker: AccessBroker = { name: 'nats', schemes: ['nats', 'tls'], write, compare };

function write(users: readonly AccessUser[], pipeline: string): string {
  const variables = variablesOf(users);
  return [
    `# The rights of pipeline ${pipeline} at NATS: what stands in no list below is denied.`,
    '# Made by `sluice acl`; make it again when the pipeline file changes. Include it in nats-server.conf.',
    `# The server takes ${variables.map((variable) => `$${variable}`).join(', ')} from its environment: a bcrypt hash, as \`nats server passwd\` prints.`,
    'authorization {',
    '  users: [',
    ...users.flatMap((user, at) => userLines(user, variables[at] ?? '').map((line) => `    ${line}`)),
    '  ]',
    '}',
    '',
  ].join('\n');
}

function userLines(user: AccessUser, variable: string): readonly string[] {
  return [
    ...[...user.identity, ...user.notes].map(comment),
    '{',
    `  user: ${JSON.stringify(user.name)}`,
    `  password: $${variable}`,
    '  permissions: {',
    ...listLines('publish', user.rights),
    ...listLines('subscribe', user.rights),
    '  }',
    '}',
  ];
}

function listLines(operation: string, rights: readonly Right[]): readonly string[] {
  const own = rights.filter((right) => right.operation === operation);
  // To the server an empty list of what is allowed is no list at all.
  if (own.length === 0) return [`    ${operation}: { deny: ">" }`];
  const items = groupedByReason(own).flatMap(({ why, rights: group }) => [
    `        ${comment(why)}`,
    ...group.map(({ on }) => `        ${JSON.stringify(on)}`),
  ]);
  return [`    ${operation}: {`, '      allow: [', ...items, '      ]', '    }'];
}

/** A variable for each user, no two alike. */
function variablesOf(users: readonly AccessUser[]): readonly string[] {
  const made: string[] = [];
  for (const { name } of users) {
    const variable = `NATS_PASSWORD_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
    made.push(made.includes(variable) ? `${variable}_${made.length + 1}` : variable);
  }
  return made;
}
