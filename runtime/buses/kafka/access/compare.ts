import type { AccessUser, AccessComparison, AccessDifference, Right } from '#contract/access.ts';
import type { AccessEntry } from '../client/inspect-access.ts';
import { SluiceError } from '#contract/errors.ts';
import { kafkaErrorIn } from '../kafka-error.ts';
import type { KafkaConnection } from '../options.ts';
import { rightText } from '../../support/access-text.ts';

const BY = 'listed by the server';
const ANYWHERE = '*';
/** What an operation holds beside itself. */
const HOLDS: Readonly<Record<string, readonly string[]>> = {
  Read: ['Describe'],
  Write: ['Describe'],
  Delete: ['Describe'],
  Alter: ['Describe'],
  AlterConfigs: ['DescribeConfigs'],
};

/** The servers list all access control lists to who may describe the cluster; that identity is in the URL. */
export async function compare(url: URL, users: readonly AccessUser[]): Promise<AccessComparison> {
  const [first] = users;
  if (first === undefined) return { differences: [], looked: 0, unseen: [] };
  const { readAccess } = await import('../client/inspect-access.ts');
  const { entries, settings } = await readAccess(connectionAt(url, first)).catch((thrown: unknown) => {
    const { code, message } = kafkaErrorIn(thrown) ?? { code: 'BUS_UNREACHABLE' as const, message: String(thrown) };
    const text = `kafka://${url.host}: ${message}; the URL needs an administrator, kafka://USER:PASSWORD@HOST:PORT`;
    throw new SluiceError(code, text, { cause: thrown });
  });
  const differences = users.flatMap((user) => differencesOf(user, entries));
  const everyone = settings.get('allow.everyone.if.no.acl.found') === 'true';
  const superUsers = (settings.get('super.users') ?? '').split(';');
  for (const { name } of users) {
    const tooMuch = (right: string): void => void differences.push({ user: name, kind: 'too much', right, by: BY });
    if (everyone) tooMuch('everything on what has no list of its own (allow.everyone.if.no.acl.found=true)');
    if (superUsers.includes(`User:${name}`)) tooMuch('everything (super.users)');
  }
  const unseen = settings.has('super.users')
    ? []
    : [
        'super.users and allow.everyone.if.no.acl.found, with which a server gives rights beside its lists: it does not tell them (Kafka 4.1 takes them for secrets), or they are not set. Look into server.properties.',
      ];
  return { differences, looked: entries.length, unseen };
}

function differencesOf(user: AccessUser, all: readonly AccessEntry[]): AccessDifference[] {
  const { name, rights } = user;
  const own = all.filter(({ principal }) => principal === `User:${name}` || principal === 'User:*');
  const denied = own.filter(({ isAllowed }) => !isAllowed);
  const allowed = own.filter(({ isAllowed }) => isAllowed);
  const difference = (kind: AccessDifference['kind'], right: string): AccessDifference => ({
    user: name,
    kind,
    right,
    by: BY,
  });
  const tooMuch = allowed
    .filter((entry) => !rights.some((right) => covers(right, entry)))
    .map((entry) =>
      difference(
        'too much',
        `${rightText(entry)}${entry.principal === 'User:*' ? ', as everybody' : ''}${entry.host === ANYWHERE ? '' : `, from ${entry.host}`}`,
      ),
    );
  const missing = rights
    .filter(
      (right) =>
        !allowed.some((entry) => entry.host === ANYWHERE && covers(entry, right)) ||
        denied.some((entry) => denies(entry, right)),
    )
    .map((right) => difference('missing', rightText(right)));
  return [...tooMuch, ...new Map(missing.map((one) => [one.right, one])).values()];
}

type Operation = Pick<Right, 'operation' | 'kind' | 'on'>;

/** Whether the entry takes away the right or a part of it. Who is denied to describe a topic may not use it either. */
function denies({ operation, ...where }: Operation, right: Operation): boolean {
  const uses = [right.operation, ...(HOLDS[right.operation] ?? [])];
  if (operation !== 'All' && !uses.includes(operation)) return false;
  const entry = { ...where, operation: right.operation };
  return covers(entry, right) || covers(right, entry);
}

/** Whether who has the one right has the other one too. */
function covers(wide: Operation, narrow: Operation): boolean {
  const isOperation =
    wide.operation === 'All' ||
    wide.operation === narrow.operation ||
    (HOLDS[wide.operation] ?? []).includes(narrow.operation);
  if (!isOperation) return false;
  const [wideKind = '', isWidePrefix] = (wide.kind ?? '').split(' ');
  const [narrowKind = '', isNarrowPrefix] = (narrow.kind ?? '').split(' ');
  if (wideKind !== narrowKind) return false;
  if (wide.on === '*' && isWidePrefix === undefined) return true;
  if (isWidePrefix !== undefined) return narrow.on.startsWith(wide.on);
  return isNarrowPrefix === undefined && wide.on === narrow.on;
}

/** The connection of the pipeline file at that cluster; an identity in the URL goes first. */
function connectionAt(url: URL, { connection }: AccessUser): KafkaConnection {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker validated it against this driver's schema
  const own = connection as KafkaConnection;
  const brokers = [url.host];
  if (url.username === '') return { ...own, brokers };
  const mechanism = own.sasl?.mechanism === 'oauthbearer' ? 'plain' : (own.sasl?.mechanism ?? 'plain');
  const identity = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  return { ...own, brokers, sasl: { mechanism, ...identity } };
}
