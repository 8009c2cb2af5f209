import type { AccessOptions, AccessPlace, BusAccess, Identity, Needs, Right } from '#contract/access.ts';
import type { AddressPattern } from '#contract/reach.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from '../options.ts';
import { topicNames } from '../topics.ts';
import { broker } from './broker.ts';
import { groupName } from '../group-name.ts';

/** In an access control list it stands for all names, and not for the one that is written so. */
const EVERY = '*';

/** The rights of Kafka: operations on topics and groups. Read and Write hold Describe. */
export const access: BusAccess<KafkaConnection, KafkaFrom, KafkaTo> = { broker, identity, source, sink };

function identity({ sasl, tls }: KafkaConnection): Identity {
  const name = sasl?.username;
  if (name === EVERY) return { name: undefined, notes: ['`User:*` is everybody to Kafka: give the user another name'] };
  if (name !== undefined) return { name, notes: [] };
  if (sasl !== undefined) {
    const notes = ['oauthbearer: the user is the subject of the token: write it behind `User:`'];
    return { name, secret: sasl.tokenFile ?? sasl.token, notes };
  }
  const note =
    tls?.cert === undefined
      ? 'the connection names no user (ANONYMOUS to the server): give it sasl, or a client certificate'
      : 'a client certificate: the user is its name by `ssl.principal.mapping.rules`: write it behind `User:`';
  return { name, secret: tls?.cert, notes: [note] };
}

function source({ connection, end }: AccessOptions<KafkaConnection, KafkaFrom>, place: AccessPlace): Needs {
  const topics = end.topics.map((on): Right => ({ operation: 'Read', kind: 'topic', on, why: 'its topics' }));
  const group = groupName(end, place);
  const rights: Right[] = [...topics];
  const notes: string[] = [];
  if (group === EVERY) notes.push('left out: group `*`, which is every group to Kafka; give the route another group');
  else rights.push({ operation: 'Read', kind: 'group', on: group, why: 'its group' });
  if (connection.create) rights.push(...end.topics.map((on) => creating({ kind: 'topic', on })));
  return { rights, notes };
}

function sink({ connection }: AccessOptions<KafkaConnection, KafkaTo>, place: AccessPlace): Needs {
  const rights = place.addresses.map(placeOf).flatMap((topics): Right[] => [
    { ...topics, operation: 'Write', why: 'its topics' },
    { ...topics, operation: 'DescribeConfigs', why: 'limits of its topics' },
    // Dead letters are not looked up.
    ...(place.direction === 'sink' ? [{ ...topics, operation: 'Read', why: 'log recovery' }] : []),
    ...(connection.create ? [creating(topics)] : []),
  ]);
  const notes = rights
    .filter((right) => right.operation === 'Write' && right.kind === 'topic prefix')
    .map(
      ({ on }) =>
        `Kafka has no wildcard for a part of a name: a right to topics that begin with ${on} is one to all of them`,
    );
  const all = rights.some(({ on }) => on === EVERY)
    ? ['the template of a sink begins with a placeholder: only a right to every topic holds all that it can make']
    : [];
  return { rights, notes: [...new Set([...notes, ...all])] };
}

function creating(topics: Pick<Right, 'kind' | 'on'>): Right {
  return { ...topics, operation: 'Create', why: 'create: true' };
}

/** The narrowest resource that holds every topic of the pattern: one name, a beginning, or all. */
function placeOf(pattern: AddressPattern): { readonly kind: 'topic' | 'topic prefix'; readonly on: string } {
  const levels: string[] = [];
  for (const level of pattern) {
    if (typeof level === 'string') {
      levels.push(level);
      continue;
    }
    const begins = [...levels, level?.begins ?? ''].join(topicNames.separator);
    // A rest may be none, and then its separator is left out.
    const on = level === null ? levels.join(topicNames.separator) : begins;
    return on === '' ? { kind: 'topic', on: EVERY } : { kind: 'topic prefix', on };
  }
  return { kind: 'topic', on: levels.join(topicNames.separator) };
}
