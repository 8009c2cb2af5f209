import type { AccessBroker, AccessUser } from '#contract/access.ts';
import { comment, groupedByReason } from '../../support/access-text.ts';
import { compare } from './compare.ts';
import { tagsOf, wantedOf } from './wanted.ts';

/** RabbitMQ: permissions of a user in a virtual host. */
export const broker: AccessBroker = { name: 'rabbitmq', schemes: ['http', 'https'], write, compare };

function write(users: readonly AccessUser[], pipeline: string): string {
  return [
    `# The rights of pipeline ${pipeline} at RabbitMQ. A user has no others than these, and none in other virtual hosts.`,
    '# Made by `sluice acl`; make it again when the pipeline file changes.',
    '# First, once for each user: `rabbitmqctl add_user USER` asks for the password, of which the server keeps a hash.',
    ...users.flatMap((user) => ['', ...userLines(user)]),
    '',
  ].join('\n');
}

function userLines(user: AccessUser): readonly string[] {
  const lines = [...user.identity, ...user.notes].map(comment);
  for (const { why, rights } of groupedByReason(user.rights)) {
    const words = rights.map(({ operation, kind = '', on }) => `${operation} ${kind} ${on}`.replace('  ', ' '));
    lines.push(comment(`${why}: ${words.join(', ')}`));
  }
  const name = quoted(user.name);
  lines.push(['rabbitmqctl set_user_tags', name, ...tagsOf(user).map(quoted)].join(' '));
  for (const { vhost, names, topics } of wantedOf(user)) {
    const place = `-p ${quoted(vhost)} ${name}`;
    const { configure, write: writing, read } = names;
    lines.push(`rabbitmqctl set_permissions ${place} ${[configure, writing, read].map(quoted).join(' ')}`);
    lines.push(`rabbitmqctl clear_topic_permissions ${place}`);
    for (const [exchange, keys] of topics) {
      lines.push(
        `rabbitmqctl set_topic_permissions ${place} ${[exchange, keys.write, keys.read].map(quoted).join(' ')}`,
      );
    }
  }
  return lines;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
