import { randomBytes } from 'node:crypto';
import type { AccessUser, AccessComparison, AccessDifference, Right } from '#contract/access.ts';
import { covers } from '#kit/address-pattern.ts';
import { openProbe } from '../client/access-probe.ts';
import type { MqttConnection } from '../options.ts';
import { topicPattern } from '../topics.ts';

/** How long messages may take to arrive that the server had before. */
const LISTEN_MS = 1500;
const READ_ALL = ['#', '$SYS/#', '$CONTROL/#'];

/**
 * MQTT has no request for rights. So each user of the pipeline publishes an empty message to topics that nobody uses, and
 * listens to everything for a moment: mosquitto grants each subscription, and judges each delivery.
 */
export async function compare(url: URL, users: readonly AccessUser[]): Promise<AccessComparison> {
  const differences: AccessDifference[] = [];
  let looked = 0;
  for (const user of users) {
    const probe = await openProbe(optionsAt(url, user));
    const tooMuch = (operation: string, on: string): void => {
      differences.push({ user: user.name, kind: 'too much', right: `${operation} ${on}`, by: 'tried' });
    };
    try {
      const topics = topicsToTry(user.rights);
      looked += topics.length + READ_ALL.length;
      for (const topic of topics) if (await probe.mayPublish(topic)) tooMuch('write', topic);
      const heard = await probe.topicsHeard(READ_ALL, LISTEN_MS);
      for (const topic of heard) if (!isAllowed(user.rights, 'read', topic)) tooMuch('read', topic);
    } finally {
      await probe.close();
    }
  }
  return {
    differences,
    looked,
    unseen: [
      'MQTT has no request for rights: an empty message was published to topics that nobody uses, and everything was listened to for a moment.',
      'A right to read is found only where a retained message, or one of that moment, shows it; a right to write one other topic only by chance. Compare the ACL file too: --check file:///PATH.',
      'Whether a right is missing: mosquitto grants each subscription, and to publish to the topics of the sinks would reach their readers. The ACL file shows it.',
    ],
  };
}

function isAllowed(rights: readonly Right[], operation: string, topic: string): boolean {
  const pattern = topicPattern(topic);
  return rights.some((right) => right.operation === operation && covers(topicPattern(right.on), pattern, '$'));
}

/** Topics that no right covers, in the neighbourhood of those that the pipeline has. */
function topicsToTry(rights: readonly Right[]): readonly string[] {
  const name = `sluice-acl-${randomBytes(6).toString('hex')}`;
  const topics = new Set([name, `${name}/${name}`, `$${name}/${name}`, `$CONTROL/${name}`]);
  for (const { on } of rights) {
    const levels = on.split('/');
    const fixed = levels.slice(
      0,
      levels.findIndex((level) => level === '+' || level === '#'),
    );
    for (let length = 1; length <= fixed.length; length += 1) {
      topics.add([...fixed.slice(0, length), name].join('/'));
      topics.add([...fixed.slice(0, length), name, name, name].join('/'));
    }
    // What lies below an address that is written.
    topics.add([...levels.map((level) => (level === '+' || level === '#' ? name : level)), name, name].join('/'));
  }
  const read = rights.filter(({ operation }) => operation === 'read');
  // Into what is read nothing may come, not even an empty message.
  return [...topics].filter((topic) => !isAllowed(rights, 'write', topic) && !isAllowed(read, 'read', topic));
}

/** The connection of the pipeline file at that server; an identity in the URL goes first. */
function optionsAt(url: URL, { connection }: AccessUser): MqttConnection {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker validated it against this driver's schema
  const own = connection as MqttConnection;
  const server = new URL(own.url);
  const isNamed = url.username !== '';
  const username = isNamed ? decodeURIComponent(url.username) : (own.username ?? decodeURIComponent(server.username));
  const password = isNamed ? decodeURIComponent(url.password) : (own.password ?? decodeURIComponent(server.password));
  return {
    ...own,
    url: `${url.protocol}//${url.host}${url.pathname}`,
    ...(username !== '' && { username, password }),
  };
}
