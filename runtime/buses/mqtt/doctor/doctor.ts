import type { BusDoctor, Examination } from '#contract/doctor.ts';
import { durationMs } from '#kit/quantity.ts';
import { lineWriter } from '../../support/doctor-checks.ts';
import { type DoctorProbe, openDoctorProbe } from '../client/doctor-probe.ts';
import type { MqttConnection, MqttFrom, MqttTo } from '../options.ts';
import { CHECKS } from './checks.ts';
import {
  DROPPED_TOPIC,
  judgeFilter,
  judgeServer,
  judgeSink,
  judgeSource,
  mosquittoVersion,
  VERSION_TOPIC,
} from './judge.ts';
import { judgePublish } from './judge-publish.ts';
import { judgeMosquittoConf, readMosquittoConf } from './mosquitto-conf.ts';

type Given = Examination<MqttConnection, MqttFrom, MqttTo>;

/** Asks an MQTT server in a clean session of its own. */
export const doctor: BusDoctor<MqttConnection, MqttFrom, MqttTo> = {
  checks: CHECKS,
  configFile: 'mosquitto.conf',
  async examine(given) {
    const sessions = given.sources.filter(({ end }) => end.qos > 0).map(({ end }) => durationMs(end.session) / 1000);
    const probe = await openDoctorProbe(given.options, {
      name: given.connection,
      timeoutMs: given.timeoutMs,
      sessionSeconds: Math.ceil(Math.max(0, ...sessions)),
    });
    try {
      await ask(probe, given);
    } finally {
      await probe.close();
    }
  },
};

async function ask(probe: DoctorProbe, given: Given): Promise<void> {
  const { connection, options, sources, sinks, config, perSecond, tell } = given;
  const say = lineWriter(tell);
  const { limits, address } = probe;
  say.ok('REACHABLE', '', address);
  say.ok('IDENTITY', '', identityText(options));
  const stats = await probe.retained([VERSION_TOPIC, DROPPED_TOPIC]);
  const facts = { protocol: options.protocol, limits, stats };
  judgeServer(say, facts, { sources, sinks });
  const isMosquitto = mosquittoVersion(facts) !== undefined;
  for (const source of sources) {
    judgeSource(say, source, limits);
    for (const filter of source.end.topics) {
      const answer = await probe.subscribe(filter, source.end.qos === 0 ? 0 : 1);
      judgeFilter(say, source, { filter, answer, isMosquitto });
    }
  }
  const conf = config === undefined ? undefined : readMosquittoConf(config);
  for (const sink of sinks) {
    judgeSink(say, sink, limits);
    await judgePublish(say, sink, { connection, user: userOf(options), conf });
  }
  if (isMosquitto || conf !== undefined) {
    judgeMosquittoConf(say, conf, { connection, sources: sources.filter(({ end }) => end.qos > 0), perSecond });
  }
}

function userOf({ url, username }: MqttConnection): string | undefined {
  const inUrl = decodeURIComponent(new URL(url).username);
  return username ?? (inUrl === '' ? undefined : inUrl);
}

function identityText(options: MqttConnection): string {
  const { tls } = options;
  const name = userOf(options);
  if (name !== undefined) return `the server accepts user ${name}`;
  return tls?.cert === undefined
    ? 'the server lets this client in without a name'
    : 'the server accepts the client certificate';
}
