import type { AddressPattern } from '#contract/reach.ts';
import type { ExaminedEnd } from '#contract/doctor.ts';
import { durationText } from '#kit/quantity-text.ts';
import { endName, isOlder, judgeVersion, type LineWriter } from '../../support/doctor-checks.ts';
import type { CloseReason } from '../client/close-reason.ts';
import type { Answer } from '../client/doctor-probe.ts';
import type { QueueKind } from '../client/topology.ts';
import type { RabbitFrom, RabbitTo } from '../options.ts';
import { type QueueSettings, warnings } from '../queue-settings.ts';

const VERSIONS = { product: 'RabbitMQ', oldest: '3.8', maintainedFrom: '4.0' };
const DENIED = 403;
const MISSING = 404;
/** From this version on a quorum queue has a delivery limit of 20 unless told otherwise. */
const LIMITS_BY_DEFAULT = '4.0';
const DEFAULT_LIMIT = 20;
const DEFAULT_TIMEOUT_MS = 1_800_000;
const RIGHTS = 'the commands that `sluice acl PIPELINE --for rabbitmq` prints';

export function judgeRabbitVersion(say: LineWriter, product: string | undefined, version: string | undefined): void {
  if (version === undefined) say.unknown('SERVER_VERSION', '', 'the server does not state it');
  else if (product === 'RabbitMQ') judgeVersion(say, version, VERSIONS);
  else say.ok('SERVER_VERSION', '', `${product ?? 'a server'} ${version}`);
}

/** A queue or an exchange that a route needs. */
export interface Wanted {
  readonly kind: 'queue' | 'exchange';
  readonly name: string;
  /** The end that needs it. */
  readonly end: Pick<ExaminedEnd, 'route' | 'direction'>;
  /** Whether the route makes it where it is missing. */
  readonly create: boolean;
}

/** False: it is not there. */
export function judgeExists(
  say: LineWriter,
  { kind, name, end, create }: Wanted,
  answer: Answer<{ readonly messageCount?: number; readonly consumerCount?: number }>,
): boolean {
  const about = `${endName(end)}, ${kind} ${name}`;
  if ('value' in answer) {
    const { messageCount, consumerCount } = answer.value;
    const counts = messageCount === undefined ? 'there' : `${messageCount} messages wait, ${consumerCount} consumers`;
    say.ok('EXISTS', about, counts);
    return true;
  }
  const { code, text } = answer.refused;
  // A stream has no leader for about a second after a restart.
  if (code !== MISSING || /down or inaccessible/.test(text))
    say.error('EXISTS', about, text, 'look at the log of the server, and ask again');
  else if (create) say.ok('EXISTS', about, 'is made at the start (create: true)');
  else {
    const declare =
      kind === 'queue'
        ? `declare queue name=${name} durable=true arguments='{"x-queue-type":"quorum"}'`
        : `declare exchange name=${name} type=topic durable=true`;
    say.error(
      'EXISTS',
      about,
      text,
      `rabbitmqadmin ${declare}, the name in the file, or create: true at the connection`,
    );
  }
  return false;
}

export function judgeRead(
  say: LineWriter,
  source: ExaminedEnd<RabbitFrom>,
  queue: string,
  answer: Answer<QueueKind>,
): void {
  const about = `${endName(source)}, queue ${queue}`;
  if ('value' in answer) {
    const { value: kind } = answer;
    const { type } = source.end;
    say.ok('READ', about, `this user may read it${kind === undefined ? '' : `; a ${kind} queue`}`);
    if (type !== undefined && kind !== undefined && kind !== type)
      say.error('EXISTS', about, `it is a ${kind} queue, and the file says type: ${type}`, `type: ${kind}`);
    return;
  }
  const { code, text } = answer.refused;
  if (code === DENIED && !/exclusive/.test(text)) say.error('READ', about, text, RIGHTS);
  else say.unknown('READ', about, text);
}

export function judgeWrite(say: LineWriter, about: string, answer: Answer<unknown> | undefined): void {
  if (answer === undefined) return say.unknown('WRITE', about, 'the client library has no transactions');
  if ('value' in answer) return say.ok('WRITE', about, 'this user may write to it');
  const { code, text }: CloseReason = answer.refused;
  if (code === DENIED) say.error('WRITE', about, text, RIGHTS);
  else say.unknown('WRITE', about, text);
}

export function judgeFence(say: LineWriter, sink: ExaminedEnd<RabbitTo>, answer: Answer<unknown>): void {
  const about = `${endName(sink)}, the queue of its fence`;
  if ('value' in answer) say.ok('CONFIGURE', about, 'this user may make it');
  else say.error('CONFIGURE', about, answer.refused.text, RIGHTS);
}

/** A routing key that the template can make. */
export function exampleKey(pattern: AddressPattern | undefined, separator: string): string {
  return (pattern ?? [])
    .flatMap((level) => {
      if (level === null) return [];
      return typeof level === 'string' ? [level] : [`${level.begins}sluice-doctor${level.ends}`];
    })
    .join(separator);
}

/** Settings of the queue of a source, or of a sink that names one. */
export function judgeSettings(
  say: LineWriter,
  about: string,
  { settings, version }: { readonly settings: QueueSettings; readonly version: string | undefined },
): void {
  const found = warnings(settings);
  const drops = found.filter(([code]) => code !== 'QUEUE_DELIVERY_LIMIT');
  for (const [code, text] of drops) {
    say.warning(
      'QUEUE_SETTINGS',
      about,
      `${code}: it ${text}`,
      'a policy or argument of the queue without it (rabbitmqctl list_policies)',
    );
  }
  if (drops.length === 0) say.ok('QUEUE_SETTINGS', about, 'nothing in its arguments and policies drops messages');
  if (settings.type === 'quorum') judgeDeliveryLimit(say, about, { settings, version });
}

function judgeDeliveryLimit(
  say: LineWriter,
  about: string,
  { settings, version }: { readonly settings: QueueSettings; readonly version: string | undefined },
): void {
  const stated = setting(settings, 'delivery-limit');
  const byDefault = version !== undefined && !isOlder(version, LIMITS_BY_DEFAULT) ? DEFAULT_LIMIT : -1;
  const limit = typeof stated === 'number' ? stated : byDefault;
  if (limit < 0) return say.ok('DELIVERY_LIMIT', about, 'none');
  if (setting(settings, 'dead-letter-exchange') !== undefined)
    return say.ok('DELIVERY_LIMIT', about, `after ${limit} deliveries a message goes to the dead-letter exchange`);
  const found = `after ${limit} deliveries the queue drops a message, and each end of a connection is one`;
  say.warning(
    'DELIVERY_LIMIT',
    about,
    found,
    'rabbitmqctl set_policy NAME QUEUE \'{"delivery-limit":-1}\', or a dead-letter-exchange',
  );
}

const setting = (queue: QueueSettings, name: string): unknown => queue.ownArguments[`x-${name}`] ?? queue.policy[name];

export function judgeConsumerTimeout(
  say: LineWriter,
  source: ExaminedEnd<RabbitFrom>,
  queue: string,
  {
    settings,
    config,
    connection,
  }: { readonly settings: QueueSettings | undefined; readonly config: string | undefined; readonly connection: string },
): void {
  const about = `${endName(source)}, queue ${queue}`;
  if (source.hasSpool)
    return say.ok('CONSUMER_TIMEOUT', about, 'the spool takes what its sinks do not: no delivery is held');
  const ofQueue = settings === undefined ? undefined : setting(settings, 'consumer-timeout');
  const line = config === undefined ? undefined : /^\s*consumer_timeout\s*=\s*(\S+)/m.exec(config)?.[1];
  if (ofQueue === undefined && config === undefined) {
    const write = `--config ${connection}=/etc/rabbitmq/rabbitmq.conf, which shows it; right is consumer_timeout = ${Math.max(source.outageMs * 2, DEFAULT_TIMEOUT_MS)}`;
    return say.unknown('CONSUMER_TIMEOUT', about, 'no client is told of it; by default 30 minutes', write);
  }
  const ms = Number(ofQueue ?? line ?? DEFAULT_TIMEOUT_MS);
  // `undefined` in the file switches it off.
  if (Number.isNaN(ms)) return say.ok('CONSUMER_TIMEOUT', about, 'switched off');
  if (ms >= source.outageMs) return say.ok('CONSUMER_TIMEOUT', about, durationText(ms));
  const found = `a delivery that is held for ${durationText(ms)} closes the channel, and an outage of a sink may take ${durationText(source.outageMs)}: then everything unsettled is delivered again`;
  say.warning(
    'CONSUMER_TIMEOUT',
    about,
    found,
    `consumer_timeout = ${source.outageMs * 2} in rabbitmq.conf, or spool: { max: 1GiB } at the route`,
  );
}
