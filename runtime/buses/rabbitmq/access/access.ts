import type { AccessOptions, AccessPlace, BusAccess, Identity, Needs, Right } from '#contract/access.ts';
import type { AddressPattern } from '#contract/reach.ts';
import { queueOf, vhostOf } from '../address-space.ts';
import { parseNode, urlsOf } from '../client/target.ts';
import type { RabbitConnection, RabbitFrom, RabbitTo } from '../options.ts';
import { routingKeys } from '../routing-key.ts';
import { broker } from './broker.ts';
import { expressionOf, literally } from './expressions.ts';

/** The rights of RabbitMQ: expressions over names, and over routing keys of topic exchanges. */
export const access: BusAccess<RabbitConnection, RabbitFrom, RabbitTo> = { broker, identity, source, sink };

/** The server checks the default exchange under this name. */
const DEFAULT_EXCHANGE = 'amq.default';
/** The names of fences. */
const FENCES = 'sluice-fence-[0-9a-f]{16}';

function identity(connection: RabbitConnection): Identity {
  const [node] = urlsOf(connection).map(parseNode);
  const name = connection.username ?? node?.username;
  if (connection.external) {
    return { name, notes: ['external: the user is the name of the client certificate, and needs no password'] };
  }
  return name === undefined
    ? { name, notes: ['the connection names no user: give it username and password'] }
    : { name, notes: [] };
}

function source({ connection, end }: AccessOptions<RabbitConnection, RabbitFrom>, place: AccessPlace): Needs {
  const { exchange, exchangeType, bind } = end;
  const within = vhostOf(connection);
  const queue = literally(queueOf(end, place));
  const rights: Right[] = [{ operation: 'read', kind: 'queue', on: queue, within, why: 'its queue' }];
  if (connection.create) {
    rights.push({ operation: 'configure', kind: 'queue', on: queue, within, why: 'create: its queue' });
    if (exchange !== undefined) {
      const on = literally(exchange);
      rights.push(...declaring(exchange, exchangeType, within));
      const why = 'create: its bindings';
      rights.push({ operation: 'write', kind: 'queue', on: queue, within, why });
      rights.push({ operation: 'read', kind: 'exchange', on, within, why });
      // The server checks a binding's key as text: its wildcards mean themselves.
      const keys = (bind ?? [{ routingKey: '' }]).map((binding) => ('headers' in binding ? '' : binding.routingKey));
      rights.push(...keys.map((key) => topicRight('read', exchange, key.split(routingKeys.separator), within)));
    }
  }
  const note = `who may read a queue may purge it: RabbitMQ has no right of its own for that (${queueOf(end, place)})`;
  return { rights: [...rights, ...looking(connection)], notes: [note, ...notesOf(connection)] };
}

function sink(
  { connection, end }: AccessOptions<RabbitConnection, RabbitTo>,
  { isFenced, addresses }: AccessPlace,
): Needs {
  const { exchange, exchangeType } = end;
  const within = vhostOf(connection);
  const rights: Right[] = [];
  const notes: string[] = [];
  if (exchange === undefined) {
    const any = literally(DEFAULT_EXCHANGE);
    rights.push({ operation: 'write', kind: 'exchange', on: any, within, why: 'its queue, by the default exchange' });
    notes.push(
      `who may write to a queue by its name may write to every queue of the virtual host: give the sink an exchange instead of queue ${end.queue ?? ''}`,
    );
    // A queue whose name depends on the message is never declared.
    const isFixed = end.queue !== undefined && !end.queue.includes('{');
    if (connection.create && isFixed) {
      const on = literally(end.queue);
      rights.push({ operation: 'configure', kind: 'queue', on, within, why: 'create: its queue' });
    }
  } else {
    rights.push({ operation: 'write', kind: 'exchange', on: literally(exchange), within, why: 'its exchange' });
    rights.push(...addresses.map((pattern) => topicRight('write', exchange, pattern, within)));
    if (connection.create) rights.push(...declaring(exchange, exchangeType, within));
  }
  if (isFenced) {
    const why = 'the fence of its class';
    rights.push({ operation: 'configure', kind: 'queue', on: FENCES, within, why });
    rights.push({ operation: 'read', kind: 'queue', on: FENCES, within, why });
  }
  return { rights: [...rights, ...looking(connection)], notes: [...notes, ...notesOf(connection)] };
}

function topicRight(operation: 'read' | 'write', exchange: string, keys: AddressPattern, within: string): Right {
  const why = `routing keys, where exchange ${exchange} is of type topic`;
  return { operation, kind: `topic ${exchange}`, on: expressionOf(keys), within, why };
}

function declaring(exchange: string, type: RabbitFrom['exchangeType'], within: string): readonly Right[] {
  if (type === undefined || exchange.startsWith('amq.')) return [];
  return [{ operation: 'configure', kind: 'exchange', on: literally(exchange), within, why: 'create: its exchange' }];
}

/** The management API takes nobody without a tag. */
function looking({ management }: RabbitConnection): readonly Right[] {
  if (management === undefined || new URL(management).username !== '') return [];
  return [{ operation: 'tag', on: 'management', why: "management: the queue's settings" }];
}

function notesOf({ create }: RabbitConnection): readonly string[] {
  if (!create) return [];
  return [
    'who may configure a queue or an exchange may also delete and purge it: create them yourself, and leave create out',
  ];
}
