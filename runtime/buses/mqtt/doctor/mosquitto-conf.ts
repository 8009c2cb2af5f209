import type { ExaminedEnd } from '#contract/doctor.ts';
import { durationText } from '#kit/quantity-text.ts';
import type { LineWriter } from '../../support/doctor-checks.ts';
import type { MqttFrom } from '../options.ts';

/** Words of mosquitto.conf by name; of several lines of one name the last counts. */
export type MosquittoConf = ReadonlyMap<string, string>;

export function readMosquittoConf(text: string): MosquittoConf {
  const lines = text.split('\n').map((line) => /^\s*([a-z_0-9]+)\s+(.*?)\s*$/.exec(line));
  return new Map(lines.flatMap((found) => (found === null ? [] : [[found[1] ?? '', found[2] ?? ''] as const])));
}

/** Where neither the file nor the server tells how many messages come. */
const ASSUMED_PER_SECOND = 10;
const DEFAULT_QUEUED = 1000;
const LONGEST_AUTOSAVE_S = 60;

/** The settings of mosquitto that no client is told. `undefined`: the file was not given. */
export function judgeMosquittoConf(
  say: LineWriter,
  conf: MosquittoConf | undefined,
  { connection, sources, perSecond }: Expected,
): void {
  if (conf === undefined) {
    const how = (line: string): string =>
      `--config ${connection}=/etc/mosquitto/mosquitto.conf, which shows it; right is ${line}`;
    const found = 'no client is told of it';
    if (sources.length > 0) say.unknown('QUEUE_LIMIT', '', found, how('max_queued_messages 0'));
    say.unknown('NODELAY', '', found, how('set_tcp_nodelay true'));
    say.unknown('PERSISTENCE', '', found, how('persistence true, autosave_interval 1, autosave_on_changes true'));
    return;
  }
  for (const source of sources) judgeQueue(say, conf, source, perSecond);
  judgeNoDelay(say, conf);
  judgePersistence(say, conf);
  if (conf.get('per_listener_settings') === 'true') {
    const found =
      'per_listener_settings true: versions of mosquitto after 2.0.11 drop with it what waits for an absent client';
    say.warning('LISTENERS', '', found, 'leave per_listener_settings out of mosquitto.conf');
  } else say.ok('LISTENERS', '', 'per_listener_settings is not set');
}

export interface Expected {
  readonly connection: string;
  readonly sources: readonly ExaminedEnd<MqttFrom>[];
  readonly perSecond: number | undefined;
}

function judgeQueue(say: LineWriter, conf: MosquittoConf, source: ExaminedEnd<MqttFrom>, perSecond?: number): void {
  const about = `route ${source.route}, source`;
  const most = Number(conf.get('max_queued_messages') ?? DEFAULT_QUEUED);
  const bytes = Number(conf.get('max_queued_bytes') ?? 0);
  const rate = perSecond ?? ASSUMED_PER_SECOND;
  const needed = Math.ceil((rate * source.outageMs) / 1000);
  const outage = `${durationText(source.outageMs)} at ${rate}/s${perSecond === undefined ? ' (assumed; --rate says it)' : ''}`;
  if (bytes > 0) {
    const found = `max_queued_bytes ${bytes}: what is above it is dropped without a word`;
    say.warning('QUEUE_LIMIT', about, found, 'max_queued_bytes 0 in mosquitto.conf');
  } else if (most === 0 || most >= needed) {
    say.ok('QUEUE_LIMIT', about, `max_queued_messages ${most === 0 ? 'has no bound' : `${most} outlasts ${outage}`}`);
  } else {
    const found = `max_queued_messages ${most}: after that it drops without a word; an outage of ${outage} needs ${needed}`;
    say.warning('QUEUE_LIMIT', about, found, `max_queued_messages ${needed} in mosquitto.conf, or 0 for no bound`);
  }
}

function judgeNoDelay(say: LineWriter, conf: MosquittoConf): void {
  if (conf.get('set_tcp_nodelay') === 'true') return say.ok('NODELAY', '', 'set_tcp_nodelay true');
  const found = 'set_tcp_nodelay is off: QoS 1 waits for delayed acknowledgements of TCP, some 220 messages a second';
  say.warning('NODELAY', '', found, 'set_tcp_nodelay true in mosquitto.conf');
}

function judgePersistence(say: LineWriter, conf: MosquittoConf): void {
  if (conf.get('persistence') !== 'true') {
    const found = 'persistence is off: a restart of the server loses every session and what waits in it';
    say.warning('PERSISTENCE', '', found, 'persistence true and persistence_location DIR/ in mosquitto.conf');
    return;
  }
  const seconds = Number(conf.get('autosave_interval') ?? 1800);
  const isByChanges = conf.get('autosave_on_changes') === 'true';
  // 0 saves at an orderly stop alone.
  if (seconds > 0 && (isByChanges || seconds <= LONGEST_AUTOSAVE_S))
    return say.ok('PERSISTENCE', '', isByChanges ? `saved every ${seconds} changes` : `saved every ${seconds} s`);
  const lost = seconds > 0 ? `up to ${durationText(seconds * 1000)} of messages` : 'everything since its start';
  say.warning(
    'PERSISTENCE',
    '',
    `a crash of the server loses ${lost} that it has confirmed (autosave_interval ${seconds})`,
    'autosave_interval 1 and autosave_on_changes true in mosquitto.conf',
  );
}
