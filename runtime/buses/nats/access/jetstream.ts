import type { AccessOptions, AccessPlace, BusAccess, Needs, Right } from '#contract/access.ts';
import { counterName, durableName, holderName, tailNames } from '../jetstream/consumer-names.ts';
import type { JetStreamConnectionOptions, JetStreamFrom, JetStreamTo } from '../jetstream/options.ts';
import { filterOfTemplate } from '../subject.ts';
import { broker } from './broker.ts';
import { filtersOfAll } from './filters.ts';
import { identityOf, inboxOf, SHARED_INBOX } from './identity.ts';

/** The rights of JetStream: subjects of its API, each for one stream and one consumer. */
export const access: BusAccess<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo> = {
  broker,
  identity: identityOf,
  source,
  sink,
};

const api = (subject: string, why: string): Right => ({ operation: 'publish', on: `$JS.API.${subject}`, why });

/** Every request to make a consumer, in the forms that the client uses for it. */
function making(stream: string, consumer: string, filters: readonly string[], why: string): readonly Right[] {
  const [only, ...more] = filters;
  const named = `CONSUMER.CREATE.${stream}.${consumer}`;
  return [
    api(`CONSUMER.DURABLE.CREATE.${stream}.${consumer}`, why),
    // Where an operator made it: a consumer with one filter keeps the form that it was made in.
    api(only !== undefined && more.length === 0 ? `${named}.${only}` : named, why),
  ];
}

function source(
  { connection, end }: AccessOptions<JetStreamConnectionOptions, JetStreamFrom>,
  { pipeline, route }: AccessPlace,
): Needs {
  const { stream, subjects = [] } = end;
  const durable = end.durable ?? durableName(pipeline, route);
  const of = `${stream}.${durable}`;
  const remade = 'its durable, set back after a fault';
  const removed = 'to count messages that were removed unread';
  const holder = holderName(durable);
  const counter = counterName(durable);
  const rights = [
    ...atStart(connection, stream),
    api(`CONSUMER.INFO.${of}`, 'its durable, looked at every 5 s'),
    ...making(stream, durable, subjects, 'its durable, made at the first start'),
    api(`CONSUMER.MSG.NEXT.${of}`, 'to read'),
    { operation: 'publish', on: `$JS.ACK.${of}.>`, why: 'acknowledgements' },
    api(`CONSUMER.RESET.${of}`, remade),
    api(`CONSUMER.DELETE.${of}`, remade),
    ...making(stream, holder, subjects, 'keeps the messages of an interest stream meanwhile'),
    api(`CONSUMER.DELETE.${stream}.${holder}`, 'keeps the messages of an interest stream meanwhile'),
    api(`CONSUMER.${subjects.length === 0 ? '' : 'DURABLE.'}CREATE.${stream}.${counter}`, removed),
    api(`CONSUMER.DELETE.${stream}.${counter}`, removed),
  ];
  const wide = `who may make a consumer of stream ${stream} may read all of it: the server does not look at the filter of a durable; keep what is to be apart in streams of their own`;
  return withInbox(connection, { rights, notes: [wide, delivering(stream), ...creating(connection, stream)] });
}

function sink(
  { connection, end }: AccessOptions<JetStreamConnectionOptions, JetStreamTo>,
  { pipeline, route, direction, addresses }: AccessPlace,
): Needs {
  const { stream, subject } = end;
  const rights: Right[] = [
    ...filtersOfAll(addresses).map((on) => ({ operation: 'publish', on, why: 'its subjects' })),
    ...atStart(connection, stream),
  ];
  const notes = [...creating(connection, stream)];
  // Dead letters are not read back.
  if (direction === 'sink') {
    rights.push(...recovery(stream, durableName(pipeline, route), filterOfTemplate(subject)));
    notes.unshift(delivering(stream));
  }
  return withInbox(connection, { rights, notes });
}

function delivering(stream: string): string {
  return `who may make a consumer of stream ${stream}, as its sources do and its sinks for log recovery, may have the server deliver its messages to any subject of the account: the server does not look at the deliver subject; what must not be reached from here belongs in an account of its own`;
}

/** The end of the log is read through consumers of four names, of these subjects alone. */
function recovery(stream: string, durable: string, filter: string): readonly Right[] {
  const why = 'log recovery';
  return tailNames(durable).flatMap((name) => [
    api(`CONSUMER.CREATE.${stream}.${name}${filter === '>' ? '' : `.${filter}`}`, why),
    api(`CONSUMER.MSG.NEXT.${stream}.${name}`, why),
    api(`CONSUMER.DELETE.${stream}.${name}`, why),
  ]);
}

function atStart({ create }: JetStreamConnectionOptions, stream: string): readonly Right[] {
  const look = api(`STREAM.INFO.${stream}`, 'its stream, looked at when the route starts');
  return create ? [look, api(`STREAM.CREATE.${stream}`, 'create: true')] : [look];
}

function creating({ create }: JetStreamConnectionOptions, stream: string): readonly string[] {
  if (!create) return [];
  return [
    `who may create stream ${stream} may give it any subjects, and any stream as its source: create it yourself, and leave create out`,
  ];
}

function withInbox(connection: JetStreamConnectionOptions, { rights, notes }: Needs): Needs {
  const { subjects, isOwn } = inboxOf(connection);
  const answers: Right = { operation: 'subscribe', on: subjects, why: 'answers of the server' };
  return { rights: [...rights, answers], notes: isOwn ? notes : [...notes, SHARED_INBOX] };
}
