import type { AccessBroker, AccessUser } from '#contract/access.ts';
import { comment, groupedByReason } from '../../support/access-text.ts';
import { compare } from './compare.ts';
import { tagsOf, wantedOf } from './wanted.ts';

/** RabbitMQ: permissions of a user in a virtual host. */
export const broker: AccessBroker = { name: 'rabbitmq', schemes: ['http', 'https'], write, compare };

function write(users: readonly AccessUser[], pipeline: string): string {
  return [
    `# The rights of pipeline ${pipeline} at RabbitMQ. A new user has no others; those that it has in other virtual hosts stay.`,
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
  lines.push(command('set_user_tags', '', [user.name, ...tagsOf(user)]));
  for (const { vhost, names, topics } of wantedOf(user)) {
    const { configure, write: writing, read } = names;
    lines.push(command('set_permissions', vhost, [user.name, configure, writing, read]));
    lines.push(command('clear_topic_permissions', vhost, [user.name]));
    for (const [exchange, keys] of topics)
      lines.push(command('set_topic_permissions', vhost, [user.name, exchange, keys.write, keys.read]));
  }
  return lines;
}

function command(name: string, vhost: string, words: readonly string[]): string {
  const place = vhost === '' ? [] : ['-p', vhost];
  // What begins with a dash would be an option.
  const options = words.some((word) => word.startsWith('-')) ? ['--'] : [];
  return ['rabbitmqctl', name, ...[...place, ...options, ...words].map(quoted)].join(' ');
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
