import type { AccessBroker, AccessUser, Right } from '#contract/access.ts';
import { comment, groupedByReason } from '../../support/access-text.ts';
import { compare } from './compare.ts';

/** Kafka: access control lists of a user. */
export const broker: AccessBroker = { name: 'kafka', schemes: ['kafka'], write, compare };

function write(users: readonly AccessUser[], pipeline: string): string {
  return [
    `# The rights of pipeline ${pipeline} at Kafka. With these two lines in server.properties there are no others:`,
    '#   authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    '#   allow.everyone.if.no.acl.found=false',
    '# Made by `sluice acl`; make it again when the pipeline file changes. BOOTSTRAP is HOST:PORT of a server, ADMIN a file with the',
    '# identity of an administrator. A user of SCRAM is made by `kafka-configs.sh --entity-type users`; the server keeps a salted hash.',
    ...users.flatMap((user) => ['', ...userLines(user)]),
    '',
  ].join('\n');
}

function userLines({ name, identity, notes, rights }: AccessUser): readonly string[] {
  const lines = [...identity, ...notes].map(comment);
  const principal = quoted(`User:${name}`);
  for (const { why, rights: group } of groupedByReason(rights)) {
    lines.push(comment(why));
    for (const right of group) {
      lines.push(
        `kafka-acls.sh --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN" --add --allow-principal ${principal} --operation ${right.operation} ${resourceOf(right)}`,
      );
    }
  }
  return lines;
}

function resourceOf({ kind, on }: Right): string {
  if (kind === 'group') return `--group ${quoted(on)}`;
  return kind === 'topic prefix' ? `--topic ${quoted(on)} --resource-pattern-type prefixed` : `--topic ${quoted(on)}`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
