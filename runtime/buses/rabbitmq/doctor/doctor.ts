import type { BusDoctor, ExaminedEnd, Examination } from '#contract/doctor.ts';
import { endName, type LineWriter, lineWriter } from '../../support/doctor-checks.ts';
import { queueOf } from '../address-space.ts';
import { type DoctorProbe, openDoctorProbe } from '../client/doctor-probe.ts';
import { parseNode, urlsOf } from '../client/target.ts';
import type { RabbitConnection, RabbitFrom, RabbitTo } from '../options.ts';
import { routingKeys } from '../routing-key.ts';
import { CHECKS } from './checks.ts';
import {
  exampleKey,
  judgeConsumerTimeout,
  judgeExists,
  judgeFence,
  judgeRabbitVersion,
  judgeRead,
  judgeSettings,
  judgeWrite,
} from './judge.ts';
import { examineManagement, type ManagementApi } from './management.ts';

type Given = Examination<RabbitConnection, RabbitFrom, RabbitTo>;

const FENCE = 'sluice-fence-';

/** Asks over AMQP, and over the management API where the connection has it. */
export const doctor: BusDoctor<RabbitConnection, RabbitFrom, RabbitTo> = {
  checks: CHECKS,
  configFile: 'rabbitmq.conf',
  async examine(given) {
    const { connection, options, sources, sinks, timeoutMs, signal, tell } = given;
    const say = lineWriter(tell);
    const probe = await openDoctorProbe(options, { name: connection, timeoutMs, signal });
    try {
      say.ok('REACHABLE', '', probe.shown);
      say.ok('IDENTITY', '', identityText(options));
      judgeRabbitVersion(say, probe.product, probe.version);
      const management = await examineManagement(say, given, probe.encodedVhost);
      for (const source of sources) await examineSource(say, { probe, management, given }, source);
      for (const sink of sinks) await examineSink(say, { probe, management, given }, sink);
    } finally {
      await probe.close();
    }
  },
};

interface Means {
  readonly probe: DoctorProbe;
  readonly management: ManagementApi | undefined;
  readonly given: Given;
}

async function examineSource(say: LineWriter, means: Means, source: ExaminedEnd<RabbitFrom>): Promise<void> {
  const { probe, management, given } = means;
  const { connection, config, options } = given;
  const { create } = options;
  const { exchange } = source.end;
  const queue = queueOf(source.end, source);
  const about = `${endName(source)}, queue ${queue}`;
  const wanted = { kind: 'queue', name: queue, end: source, create } as const;
  const isThere = judgeExists(say, wanted, await probe.queue(queue));
  if (isThere) judgeRead(say, source, queue, await probe.read(queue));
  const settings = isThere ? await management?.settings(queue) : undefined;
  if (settings !== undefined) judgeSettings(say, about, { settings, version: probe.version });
  judgeConsumerTimeout(say, source, queue, { settings, config, connection });
  if (create) untriedCreate(say, source);
  if (exchange === undefined) return;
  const place = `${endName(source)}, exchange ${exchange}`;
  const feeding = { kind: 'exchange', name: exchange, end: source, create } as const;
  const isExchange = judgeExists(say, feeding, await probe.exchange(exchange));
  if (!isExchange || create) return;
  const fed = await management?.fedBy(exchange);
  if (fed === undefined) {
    say.unknown('BINDINGS', place, 'AMQP does not show them', `buses.${connection}: management: http://HOST:15672`);
  } else if (fed.includes(queue)) say.ok('BINDINGS', place, `feeds queue ${queue}`);
  else {
    const write = `rabbitmqadmin declare binding source=${exchange} destination=${queue}, or create: true at the connection`;
    say.error('BINDINGS', place, `does not feed queue ${queue}: nothing arrives`, write);
  }
}

async function examineSink(say: LineWriter, means: Means, sink: ExaminedEnd<RabbitTo>): Promise<void> {
  const { probe, management, given } = means;
  const { create } = given.options;
  const { exchange } = sink.end;
  const key = exampleKey(sink.addresses[0], routingKeys.separator);
  if (exchange === undefined) await examineQueueSink(say, means, sink, key);
  else {
    const about = `${endName(sink)}, exchange ${exchange}`;
    const wanted = { kind: 'exchange', name: exchange, end: sink, create } as const;
    if (judgeExists(say, wanted, await probe.exchange(exchange))) {
      judgeWrite(say, `${about}, routing key ${JSON.stringify(key)}`, await probe.write(exchange, key));
      const fed = await management?.fedBy(exchange);
      if (fed === undefined) {
        const write = `buses.${given.connection}: management: http://HOST:15672`;
        say.unknown('BINDINGS', about, 'AMQP does not show them', write);
      } else if (fed.length > 0)
        say.ok('BINDINGS', about, `feeds ${fed.length === 1 ? fed[0] : `${fed.length} queues`}`);
      else {
        const write = `rabbitmqadmin declare binding source=${exchange} destination=QUEUE`;
        say.error('BINDINGS', about, 'feeds no queue: every message is returned (unroutable)', write);
      }
    }
  }
  if (sink.isFenced) judgeFence(say, sink, await probe.configure(FENCE));
  if (create) untriedCreate(say, sink);
}

/** A sink that writes to a queue by the default exchange. */
async function examineQueueSink(
  say: LineWriter,
  { probe, management, given: { options } }: Means,
  sink: ExaminedEnd<RabbitTo>,
  key: string,
): Promise<void> {
  const { queue = '' } = sink.end;
  const about = `${endName(sink)}, queue ${queue}`;
  judgeWrite(say, `${about}, default exchange`, await probe.write('', key));
  if (queue.includes('{')) return say.unknown('EXISTS', about, 'its name depends on the message');
  const wanted = { kind: 'queue', name: queue, end: sink, create: options.create } as const;
  if (!judgeExists(say, wanted, await probe.queue(queue))) return;
  const settings = await management?.settings(queue);
  if (settings !== undefined) judgeSettings(say, about, { settings, version: probe.version });
}

function untriedCreate(say: LineWriter, end: ExaminedEnd): void {
  const found = 'create: true: whether it may make what is missing is seen only when it makes it';
  say.unknown('CONFIGURE', endName(end), found, 'sluice acl PIPELINE --check http://ADMIN@HOST:15672');
}

function identityText(options: RabbitConnection): string {
  if (options.external) return 'the server accepts the client certificate (EXTERNAL)';
  const named = urlsOf(options)
    .map((url) => parseNode(url)?.username)
    .find((name) => name !== undefined);
  return `the server accepts user ${options.username ?? named ?? 'guest'}`;
}
