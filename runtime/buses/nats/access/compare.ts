import { randomBytes } from 'node:crypto';
import type { AccessUser, AccessComparison, AccessDifference, Right } from '#contract/access.ts';
import { isMap, asList, asMap, own } from '#kit/json-value.ts';
import { type AccessProbe, openProbe } from '../client/access-probe.ts';
import type { NatsConnectionOptions } from '../options.ts';
import { includes, overlap } from '../subject.ts';

type Operation = 'publish' | 'subscribe';

interface Attempt {
  readonly operation: Operation;
  readonly subject: string;
}

/**
 * The server lists no rights of others, and those of the asking user only where it may ask (`$SYS.REQ.USER.INFO`). So each
 * user of the pipeline asks for its own list. Where that is denied, operations outside of its rights are tried that change
 * nothing whether they are granted or not.
 */
export async function compare(url: URL, users: readonly AccessUser[]): Promise<AccessComparison> {
  const differences: AccessDifference[] = [];
  let looked = 0;
  let isTried = false;
  for (const user of users) {
    const probe = await openProbe(optionsAt(url, user));
    try {
      const listed = await probe.ownRights();
      const found = listed === undefined ? await tried(probe, user) : fromList(listed, user);
      isTried ||= listed === undefined;
      looked += found.looked;
      differences.push(...found.differences);
    } finally {
      await probe.close();
    }
  }
  const unseen = isTried
    ? [
        'The server lists the rights of a user to itself alone, and only where it may publish to $SYS.REQ.USER.INFO: operations were tried instead.',
        'A right to one other subject, stream or consumer by its name is found only by chance: what would destroy something is not tried on what exists.',
        'Whether rights are missing to publish to the subjects of sinks, to fetch and acknowledge messages, to delete consumers and to join queue groups: trying those would do them.',
      ]
    : [];
  return { differences, looked, unseen };
}

/** The connection of the pipeline file at that server; an identity in the URL goes first. */
function optionsAt(url: URL, { connection }: AccessUser): NatsConnectionOptions {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker validated it against this driver's schema
  const { user, password, token, nkey, creds, ...rest } = connection as NatsConnectionOptions;
  const server = `${url.protocol}//${url.host}`;
  if (url.username !== '') {
    return { ...rest, url: server, user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  }
  const given = Object.entries({ user, password, token, nkey, creds }).filter(([, value]) => value !== undefined);
  return { ...rest, url: server, ...Object.fromEntries(given) };
}

interface Found {
  readonly looked: number;
  readonly differences: readonly AccessDifference[];
}

function allowedBy(rights: readonly Right[], operation: Operation, subject: string): boolean {
  const [plain = '', queue] = subject.split(' ');
  return rights.some((right) => {
    const [wide = '', group] = right.on.split(' ');
    // A right without a queue group covers the subscriptions of any group.
    return right.operation === operation && includes(wide, plain) && (group === undefined || group === queue);
  });
}

function fromList(listed: unknown, { name, rights }: AccessUser): Found {
  const by = 'listed by the server';
  const differences: AccessDifference[] = [];
  let looked = 0;
  for (const operation of ['publish', 'subscribe'] as const) {
    const list = asMap(own(asMap(listed), operation));
    const allow = isMap(listed) ? asList(own(list, 'allow')).map(String) : [];
    const deny = asList(own(list, 'deny')).map(String);
    // No list, or an empty one: everything that is not denied.
    const granted = allow.length > 0 ? allow : deny.includes('>') ? [] : ['>'];
    looked += granted.length;
    for (const subject of granted) {
      if (!allowedBy(rights, operation, subject))
        differences.push({ user: name, kind: 'too much', right: `${operation} ${subject}`, by });
    }
    const given: Right[] = granted.map((on) => ({ operation, on, why: '' }));
    for (const right of rights.filter((one) => one.operation === operation)) {
      const [plain = ''] = right.on.split(' ');
      if (!allowedBy(given, operation, right.on) || deny.some((denied) => overlap(denied, plain)))
        differences.push({ user: name, kind: 'missing', right: `${operation} ${right.on}`, by });
    }
  }
  return { looked, differences };
}

async function tried(probe: AccessProbe, user: AccessUser): Promise<Found> {
  const attempts = attemptsOf(user.rights);
  const differences: AccessDifference[] = [];
  for (const { operation, subject } of attempts) {
    const isGranted =
      operation === 'publish' ? await probe.mayPublish(subject, NOTHING) : await probe.maySubscribe(subject);
    if (isGranted)
      differences.push({ user: user.name, kind: 'too much', right: `${operation} ${subject}`, by: 'tried' });
  }
  const needed = harmlessOf(user.rights);
  for (const { operation, subject, right } of needed) {
    const isGranted =
      operation === 'publish' ? await probe.mayPublish(subject, NOTHING) : await probe.maySubscribe(subject);
    if (!isGranted) differences.push({ user: user.name, kind: 'missing', right: `${operation} ${right}`, by: 'tried' });
  }
  return { looked: attempts.length + needed.length, differences };
}

const isHarmless = ({ operation, on }: Right): boolean =>
  operation === 'publish'
    ? /^\$JS\.API\.(STREAM\.(INFO|CREATE)|CONSUMER\.(INFO|CREATE|DURABLE\.CREATE))\./.test(on)
    : !on.includes(' ');

/** Those of the needed rights that have no effect when they are used with such a body: they read, or the server refuses the body. */
export function harmlessOf(rights: readonly Right[]): readonly (Attempt & { readonly right: string })[] {
  const found = rights.filter(isHarmless).map(({ operation, on }) => ({
    operation: operation === 'publish' ? ('publish' as const) : ('subscribe' as const),
    subject: on,
    right: on,
  }));
  return [...new Map(found.map((one) => [`${one.operation} ${one.right}`, one])).values()];
}

/** No request of JetStream's API has such a body: it is refused without effect. */
const NOTHING = 'sluice acl --check';

/** What the rights do not cover, and what has no effect where it is granted: names of nothing, and requests that only read. */
export function attemptsOf(
  rights: readonly Right[],
  name = `sluice-acl-${randomBytes(6).toString('hex')}`,
): readonly Attempt[] {
  const streams = new Set(rights.flatMap(({ on }) => /^\$JS\.API\.STREAM\.INFO\.([^.]+)$/.exec(on)?.[1] ?? []));
  const written = rights
    .filter(({ operation, on }) => operation === 'publish' && !on.startsWith('$'))
    .map(({ on }) => on);
  const publish = [
    name,
    `${name}.${name}`,
    `_INBOX.${name}`,
    `$SYS.REQ.SERVER.PING.${name}`,
    '$JS.API.INFO',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.LIST',
    ...['INFO', 'CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.GET', 'MSG.DELETE'].map(
      (word) => `$JS.API.STREAM.${word}.${name}`,
    ),
    `$JS.API.DIRECT.GET.${name}`,
    ...[...streams, name].flatMap((stream) => [
      `$JS.API.CONSUMER.NAMES.${stream}`,
      `$JS.API.CONSUMER.LIST.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}`,
      ...['CREATE', 'DURABLE.CREATE', 'INFO', 'DELETE', 'MSG.NEXT'].map(
        (word) => `$JS.API.CONSUMER.${word}.${stream}.${name}`,
      ),
      `$JS.ACK.${stream}.${name}.1.1.1.1.0`,
    ]),
  ];
  const subscribe = [
    '>',
    '*',
    '*.>',
    name,
    '_INBOX.>',
    '$SYS.>',
    '$JS.>',
    '$JS.API.>',
    '$JS.ACK.>',
    '$JS.EVENT.>',
    ...written,
  ];
  return [
    ...publish.map((subject): Attempt => ({ operation: 'publish', subject })),
    ...subscribe.map((subject): Attempt => ({ operation: 'subscribe', subject })),
  ].filter(({ operation, subject }) => !allowedBy(rights, operation, subject));
}
