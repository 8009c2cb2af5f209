import { durationMs } from '#kit/quantity.ts';
import type { ClassAdvice } from './class-of-need.ts';
import { type EndsAdvice, hasOwnServer } from './ends.ts';
import { HEAD } from './limits.ts';
import { type BusName, isNarrow, type Need, survivesAtLeast } from './needs.ts';

/** A word of the pipeline file (`from.expires`, `spool.max`), or of a server (`server`), with its reason. */
export interface Setting {
  readonly at: 'route' | 'from' | 'to' | 'connection' | 'server';
  /** Of `connection` and `server`: which end. */
  readonly end: 'from' | 'to';
  readonly bus: BusName;
  readonly word: string;
  readonly value: string;
  readonly why: string;
}

const MEBIBYTE = 1024 ** 2;
const KIBIBYTE = 1024;
const GUESSED_EXPIRY = '30s';
const HOUR = 3_600_000;

/** The end beyond the link that goes away: the bridge stands at the site. */
export function crossingOf({ producers, consumers }: Pick<Need, 'producers' | 'consumers'>): 'from' | 'to' | undefined {
  if (hasOwnServer(producers)) return 'to';
  return hasOwnServer(consumers) ? 'from' : undefined;
}

/** The settings of a need, in the order of the file. */
export function settingsOf(need: Need, ends: EndsAdvice, { name: trafficClass }: ClassAdvice): readonly Setting[] {
  const [from, to] = [ends.producers.bus, ends.consumers.bus];
  const setting = (
    at: Setting['at'],
    end: Setting['end'],
    word: string,
    value: string,
    why: string,
  ): readonly Setting[] => [{ at, end, bus: end === 'from' ? from : to, word, value, why }];
  const bridge = ends.isBridged
    ? [
        ...expirySettings(need, trafficClass, setting),
        ...linkSettings(need, ends, trafficClass, setting),
        ...(to === 'kafka' && (need.rate ?? 0) >= 10_000
          ? setting('to', 'to', 'compression', 'lz4', 'at this rate compressed batches save disk and network')
          : []),
      ]
    : [];
  return [...bridge, ...SERVER_SETTINGS.flatMap((row) => serverSetting(row, need, to))];
}

type Make = (at: Setting['at'], end: Setting['end'], word: string, value: string, why: string) => readonly Setting[];

function expirySettings(need: Need, trafficClass: string, setting: Make): readonly Setting[] {
  if (trafficClass === 'audit') return [];
  if (need.expires !== undefined) {
    return setting('from', 'from', 'expires', need.expires, 'what is older is worth nothing, so it is not sent');
  }
  if (trafficClass !== 'command') return [];
  const why = 'class command needs one. The needs do not say after which time an order is void: this is a guess';
  return setting('from', 'from', 'expires', GUESSED_EXPIRY, why);
}

/** Settings for a link that goes away, or that is narrow. */
function linkSettings(need: Need, ends: EndsAdvice, trafficClass: string, setting: Make): readonly Setting[] {
  const crossing = crossingOf(need);
  if (crossing === undefined) return [];
  const site = crossing === 'to' ? need.producers : need.consumers;
  const bus = crossing === 'to' ? ends.consumers.bus : ends.producers.bus;
  const found: Setting[] = [];
  const patience = 'a client that gives up sooner makes a slow link flap by itself';
  found.push(...setting('connection', crossing, 'connectTimeout', '2m', patience));
  if (bus !== 'kafka') found.push(...setting('connection', crossing, 'keepAlive', '2m', patience));
  if (crossing === 'to') found.push(...setting('to', 'to', 'timeout', '1m', patience));
  if (isNarrow(site)) {
    const window = windowFor(need, site.bandwidth ?? 0);
    const why = 'about four seconds of the link: more in flight would only wait, and be sent twice after a cut';
    found.push(...setting('from', 'from', 'window', `{ messages: ${window} }`, why));
  }
  if (crossing === 'to') {
    const spool = spoolFor(need, site.outageMs ?? HOUR, trafficClass);
    const outage =
      site.outageMs === undefined ? 'an hour of outage, for the needs do not say' : 'twice the longest outage';
    const why =
      trafficClass === 'telemetry'
        ? 'the newest of every key lies on the disk of the site, so a silent key does not hold up the others'
        : `${outage}: what is committed there is settled at the site and survives a power cut`;
    found.push(...setting('route', 'from', 'spool', `{ max: ${spool} }`, why));
  }
  if (site.bandwidth !== undefined && trafficClass !== 'telemetry') {
    const drain = Math.max(1, Math.floor(site.bandwidth / 16 / ((need.size ?? KIBIBYTE) + HEAD)));
    const why = 'half of the link: the backlog after an outage leaves room for what is new';
    found.push(...setting('route', 'from', 'drain', `${drain}/s`, why));
  }
  return found;
}

function windowFor(need: Need, bandwidth: number): number {
  const fourSeconds = Math.floor(bandwidth / 2 / ((need.size ?? KIBIBYTE) + HEAD));
  return Math.min(64, Math.max(4, fourSeconds));
}

function spoolFor(need: Need, outageMs: number, trafficClass: string): string {
  const bytes = 2 * (outageMs / 1000) * (need.rate ?? 1) * ((need.size ?? KIBIBYTE) + HEAD);
  const mebibytes = trafficClass === 'telemetry' ? 64 : Math.max(64, Math.ceil(bytes / MEBIBYTE));
  return `${Math.min(mebibytes, 1024 ** 2)}MiB`;
}

interface ServerRow {
  readonly bus: BusName;
  readonly holds: (need: Need) => boolean;
  readonly word: string;
  readonly value: (need: Need) => string;
  readonly why: string;
}

const PATIENT = 'for good';

function age({ keepMs }: Need): string {
  return keepMs === Infinity ? PATIENT : `${Math.ceil(keepMs / 1000)}s`;
}

/** What the servers must be told. Sluice does not do it: who operates them does. */
const SERVER_SETTINGS: readonly ServerRow[] = [
  {
    bus: 'jetstream',
    holds: (need) => need.keepMs > 0,
    word: 'max_age of the stream',
    value: (need) => (need.keepMs === Infinity ? '0 (for good)' : age(need)),
    why: 'readers go back so far',
  },
  {
    bus: 'jetstream',
    holds: (need) => survivesAtLeast(need, 'power-cut'),
    word: 'sync_interval of the server',
    value: () => 'always',
    why: 'otherwise the disk is synced every two minutes. Then say grade: G3 in `to`',
  },
  {
    bus: 'jetstream',
    holds: (need) => survivesAtLeast(need, 'node-loss'),
    word: 'num_replicas of the stream',
    value: () => '3',
    why: 'one server may be lost. Then say grade: G4 in `to`',
  },
  {
    bus: 'jetstream',
    holds: ({ producers }) => (producers.outageMs ?? 0) > 120_000,
    word: 'duplicate_window of the stream',
    value: ({ producers }) => `${Math.ceil(((producers.outageMs ?? 0) * 2) / 60_000)}m`,
    why: 'longer than the longest outage: within it the stream removes what comes twice',
  },
  {
    bus: 'kafka',
    holds: (need) => need.keepMs > 0,
    word: 'retention.ms of the topic',
    value: ({ keepMs }) => (keepMs === Infinity ? '-1' : String(keepMs)),
    why: 'readers go back so far',
  },
  {
    bus: 'kafka',
    holds: (need) => survivesAtLeast(need, 'power-cut'),
    word: 'replication.factor, min.insync.replicas',
    value: () => '3, 2',
    why: 'Kafka does not sync its disk: the other replicas keep what a power cut of one takes. Then say grade: G4 in `to`',
  },
  {
    bus: 'kafka',
    holds: (need) => need.workers || need.order === 'key',
    word: 'partitions of the topic',
    value: (need) => (need.order === 'all' ? '1' : (need.rate ?? 0) >= 100_000 ? '96' : '12'),
    why: 'they bound the workers of a group, and adding some later moves keys',
  },
  {
    bus: 'rabbitmq',
    holds: (need) => need.keepMs > 0,
    word: 'x-max-age of the stream',
    value: (need) => (need.keepMs === Infinity ? 'none' : age(need)),
    why: 'readers go back so far',
  },
  {
    bus: 'rabbitmq',
    holds: (need) => need.keepMs === 0 && survivesAtLeast(need, 'crash'),
    word: 'type of the queue',
    value: (need) => (survivesAtLeast(need, 'node-loss') ? 'quorum, on three nodes' : 'quorum'),
    why: 'it syncs its disk before it confirms. Then say grade: G3 in `to`, G4 with three nodes',
  },
  {
    bus: 'mqtt',
    holds: ({ consumers }) => consumers.devices > 0,
    word: 'max_queued_messages (mosquitto)',
    value: ({ rate, expires }) => String(Math.max(1000, Math.ceil((rate ?? 1) * (expiryMs(expires) / 1000)))),
    why: 'what waits for a client that is away; above it the broker drops without a word',
  },
];

function expiryMs(expires: string | undefined): number {
  return expires === undefined ? HOUR : durationMs(expires);
}

function serverSetting(row: ServerRow, need: Need, bus: BusName): readonly Setting[] {
  if (row.bus !== bus || !row.holds(need)) return [];
  return [{ at: 'server', end: 'to', bus, word: row.word, value: row.value(need), why: row.why }];
}
