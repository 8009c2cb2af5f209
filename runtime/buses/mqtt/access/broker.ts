import type { AccessBroker, AccessUser } from '#contract/access.ts';
import { comment, groupedByReason } from '../../support/access-text.ts';
import { harmless } from '#kit/printable.ts';
import { compareFile } from './acl-file.ts';
import { compare } from './compare.ts';

/** mosquitto: users with topics that they may read and write. */
export const broker: AccessBroker = {
  name: 'mosquitto',
  schemes: ['mqtt', 'mqtts', 'ws', 'wss', 'file'],
  write,
  compare: (url, users) => (url.protocol === 'file:' ? compareFile(url, users) : compare(url, users)),
};

function write(users: readonly AccessUser[], pipeline: string): string {
  return [
    `# The rights of pipeline ${pipeline} at mosquitto: what no line below allows is denied.`,
    '# Made by `sluice acl`; make it again when the pipeline file changes. In mosquitto.conf:',
    '#   allow_anonymous false',
    '#   password_file FILE    (hashed: `mosquitto_passwd FILE USER` asks for the password)',
    '#   acl_file THIS_FILE',
    ...users.flatMap((user) => ['', ...userLines(user)]),
    '',
  ].join('\n');
}

function userLines({ name, identity, notes, rights }: AccessUser): readonly string[] {
  return [
    ...[...identity, ...notes].map(comment),
    `user ${harmless(name)}`,
    ...groupedByReason(rights).flatMap(({ why, rights: group }) => [
      comment(why),
      ...group.map(({ operation, on }) => `topic ${operation} ${on}`),
    ]),
  ];
}
