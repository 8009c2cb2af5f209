import type { AccessBroker, AccessUser, Right } from '#contract/access.ts';
import { comment, groupedByReason } from '../../support/access-text.ts';
import { compare } from './compare.ts';

/** NATS: users with lists of subjects that they may publish and subscribe to. */
export const broker: AccessBroker = { name: 'nats', schemes: ['nats', 'tls'], write, compare };

function write(users: readonly AccessUser[], pipeline: string): string {
  const listed = users.filter((user) => !isSigned(user));
  const variables = variablesOf(listed);
  const taken = variables.map((variable, at) => `$${variable}, ${VALUES[kindOf(listed[at])]}`);
  return [
    `# The rights of pipeline ${pipeline} at NATS: what stands in no list below is denied.`,
    '# Made by `sluice acl`; make it again when the pipeline file changes. Include it in nats-server.conf.',
    ...(taken.length === 0 ? [] : ['# The server takes from its environment:']),
    ...taken.map((line) => `#   ${line}`),
    ...users.filter(isSigned).flatMap(signedLines),
    ...(listed.length === 0 ? [] : ['authorization {', '  users: [']),
    ...listed.flatMap((user, at) => userLines(user, variables[at] ?? '').map((line) => `    ${line}`)),
    ...(listed.length === 0 ? [] : ['  ]', '}']),
    '',
  ].join('\n');
}

type Kind = 'password' | 'nkey';

const VALUES: Readonly<Record<Kind, string>> = {
  password: 'a bcrypt hash, as `nats server passwd` prints',
  nkey: 'the public key (U...) of the seed, as `nk -inkey FILE -pubout` prints',
};

const optionOf = ({ connection }: AccessUser, name: 'nkey' | 'creds'): unknown => Reflect.get(connection, name);
const isSigned = (user: AccessUser): boolean => optionOf(user, 'creds') !== undefined;
const kindOf = (user: AccessUser | undefined): Kind =>
  user === undefined || optionOf(user, 'nkey') === undefined ? 'password' : 'nkey';

/** A user with credentials is in no file of the server: its rights are in its JWT, which the owner of the account signs. */
function signedLines({ name, connections, notes, rights }: AccessUser): readonly string[] {
  const listOf = (operation: string): object => {
    const allow = [...new Set(rights.filter((right) => right.operation === operation).map(({ on }) => on))];
    return allow.length === 0 ? { deny: ['>'] } : { allow };
  };
  return [
    ...notes,
    `creds of ${connections.join(', ')}: the rights of such a user are in its JWT. Sign it again, with this in its claim \`nats\` (\`nsc edit user --name ${name}\`, --allow-pub and --allow-sub):`,
    JSON.stringify({ pub: listOf('publish'), sub: listOf('subscribe') }),
  ].map(comment);
}

function userLines(user: AccessUser, variable: string): readonly string[] {
  const named = [`  user: ${quoted(user.name)}`, `  password: $${variable}`];
  return [
    ...[...user.identity, ...user.notes].map(comment),
    '{',
    ...(kindOf(user) === 'nkey' ? [`  nkey: $${variable}`] : named),
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
    ...group.map(({ on }) => `        ${quoted(on)}`),
  ]);
  return [`    ${operation}: {`, '      allow: [', ...items, '      ]', '    }'];
}

/** As the server's configuration writes text: of the escapes of JSON it knows some, and one of a byte. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /\\(?:u00([0-9a-f]{2})|([bf]))|\\./g,
    (escape, byte?: string, letter?: string) => {
      if (byte !== undefined) return String.raw`\x${byte}`;
      if (letter === undefined) return escape;
      return letter === 'b' ? String.raw`\x08` : String.raw`\x0c`;
    },
  );
}

/** A variable for each user, no two alike. */
function variablesOf(users: readonly AccessUser[]): readonly string[] {
  const made = new Set<string>();
  for (const user of users) {
    const name = user.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
    const variable = `NATS_${kindOf(user).toUpperCase()}_${name}`;
    let own = variable;
    for (let at = 2; made.has(own); at += 1) own = `${variable}_${at}`;
    made.add(own);
  }
  return [...made];
}
