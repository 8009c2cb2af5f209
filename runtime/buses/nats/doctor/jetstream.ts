import type { BusDoctor, ExaminedEnd, Examination } from '#contract/doctor.ts';
import { endName, judgeClock, type LineWriter, lineWriter } from '../../support/doctor-checks.ts';
import { type DoctorProbe, openDoctorProbe } from '../client/doctor-probe.ts';
import type { JetStreamManager, StreamInfo } from '../client/library.ts';
import { propertyOf } from '../client/property.ts';
import { durableName } from '../jetstream/consumer-names.ts';
import type { JetStreamConnectionOptions, JetStreamFrom, JetStreamTo } from '../jetstream/options.ts';
import { apiErrorCode, asBusError } from '../jetstream/stream.ts';
import { JETSTREAM_CHECKS } from './checks.ts';
import { type Allowed, examineServer, judgeRights, tryRights } from './examine-server.ts';
import { judgeConsumer } from './judge-consumer.ts';
import { judgeSinkStream, judgeSourceStream } from './judge-stream.ts';
import { judgeSyncInterval } from './nats-conf.ts';

type Given = Examination<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo>;

const STREAM_NOT_FOUND = 10_059;
const CONSUMER_NOT_FOUND = 10_014;

/** Asks JetStream's API; it makes no consumer. */
export const doctor: BusDoctor<JetStreamConnectionOptions, JetStreamFrom, JetStreamTo> = {
  checks: JETSTREAM_CHECKS,
  configFile: 'nats-server.conf',
  async examine(given) {
    const { connection, options, sources, sinks, timeoutMs, config, tell } = given;
    const say = lineWriter(tell);
    const probe = await openDoctorProbe(options, timeoutMs);
    try {
      await examineServer(say, probe, options);
      const allowed = await tryRights(probe, [...sources, ...sinks]);
      for (const [end, rights] of allowed) judgeRights(say, end, rights);
      judgeSyncInterval(say, config, connection);
      await examineStreams(say, probe, given, allowed);
    } finally {
      await probe.close();
    }
  },
};

async function examineStreams(
  say: LineWriter,
  probe: DoctorProbe,
  { options, sources, sinks, perSecond }: Given,
  allowed: ReadonlyMap<ExaminedEnd, Allowed>,
): Promise<void> {
  const manager = await probe.manager();
  const { maxPayload } = probe;
  let isClockSeen = false;
  const look = async (end: ExaminedEnd, stream: string): Promise<StreamInfo | undefined> => {
    const beforeMs = Date.now();
    const info = await streamInfo(say, manager, { end, stream, create: options.create, allowed: allowed.get(end) });
    const serverMs = Date.parse(String(propertyOf(info, 'ts')));
    if (!Number.isNaN(serverMs) && !isClockSeen) {
      isClockSeen = true;
      judgeClock(say, { serverMs, beforeMs, afterMs: Date.now() });
    }
    return info;
  };
  for (const source of sources) {
    const info = await look(source, source.end.stream);
    if (info === undefined) continue;
    judgeSourceStream(say, source, { info, perSecond, maxPayload });
    await examineConsumer(say, manager, source, info);
  }
  for (const sink of sinks) {
    const info = await look(sink, sink.end.stream);
    if (info === undefined) continue;
    const missing = allowed.get(sink)?.missing ?? [];
    const mayRecover = !missing.some(({ why }) => why.endsWith('log recovery'));
    judgeSinkStream(say, sink, { info, perSecond, maxPayload }, mayRecover);
  }
}

interface Wanted {
  readonly end: ExaminedEnd;
  readonly stream: string;
  readonly create: boolean;
  readonly allowed: Allowed | undefined;
}

async function streamInfo(
  say: LineWriter,
  manager: JetStreamManager,
  { end, stream, create, allowed }: Wanted,
): Promise<StreamInfo | undefined> {
  const about = `${endName(end)}, stream ${stream}`;
  const asks = `$JS.API.STREAM.INFO.${stream}`;
  if (allowed?.missing.some(({ on }) => on === asks) === true) {
    say.unknown('EXISTS', about, `this user may not look at it (${asks})`);
    return undefined;
  }
  try {
    return await manager.streams.info(stream);
  } catch (thrown) {
    if (apiErrorCode(thrown) !== STREAM_NOT_FOUND) {
      const { message } = asBusError(thrown, `stream ${stream}`);
      say.error('EXISTS', about, message, 'jetstream { store_dir: DIR } in nats-server.conf, for this account');
    } else if (create) say.ok('EXISTS', about, 'is made at the start (create: true)');
    else {
      const write = `nats stream add ${stream}, the name of the stream in stream:, or create: true at the connection`;
      say.error('EXISTS', about, 'it does not exist', write);
    }
    return undefined;
  }
}

async function examineConsumer(
  say: LineWriter,
  manager: JetStreamManager,
  source: ExaminedEnd<JetStreamFrom>,
  stream: StreamInfo,
): Promise<void> {
  const { pipeline, route, end, windowMessages } = source;
  const name = end.durable ?? durableName(pipeline, route);
  const wanted = { name, filters: end.subjects ?? [], start: end.start, maxAckPending: windowMessages };
  try {
    const found = await manager.consumers.info(end.stream, name).catch((thrown: unknown) => {
      if (apiErrorCode(thrown) === CONSUMER_NOT_FOUND) return undefined;
      throw thrown;
    });
    judgeConsumer(say, source, { stream, wanted, found });
  } catch (thrown) {
    const about = `${endName(source)}, consumer ${name}`;
    say.unknown('CONSUMER', about, asBusError(thrown, `consumer ${name}`).message);
  }
}
