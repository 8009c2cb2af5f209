import { SluiceError } from '#contract/errors.ts';
import type { ConsumerConfig, ConsumerInfo, JetStreamManager, StreamInfo } from '../client/library.ts';
import type { Start } from './options.ts';
import { apiErrorCode, asBusError } from './stream.ts';

const CONSUMER_NOT_FOUND = 10_014;
const NS_PER_MS = 1_000_000;

/** The server delivers a message again that is not answered for so long. */
export const ACK_WAIT_MS = 30_000;

/** The durable consumer that stores a route's position in its stream. */
export interface ConsumerWanted {
  readonly name: string;
  /** Empty: the whole stream. */
  readonly filters: readonly string[];
  readonly start: Start;
  readonly maxAckPending: number;
}

/** A consumer that exists and has the wanted settings. */
export interface EnsuredConsumer {
  readonly info: ConsumerInfo;
  /** It did not exist before. */
  readonly isNew: boolean;
  /** Its differences before it was updated; undefined: none. */
  readonly difference: string | undefined;
  /** It may have left out messages that the route wants. */
  readonly hadOtherFilters: boolean;
}

/**
 * Finds, updates or makes the consumer. `resumeAt`: the sequence to make it from when it was deleted while the route read
 * from it. Rejects with a BUS_ code.
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  stream: StreamInfo,
  wanted: ConsumerWanted,
  resumeAt: number | undefined,
): Promise<EnsuredConsumer> {
  const what = `consumer ${wanted.name} of stream ${stream.config.name}`;
  const found = await manager.consumers.info(stream.config.name, wanted.name).catch((error: unknown) => {
    if (apiErrorCode(error) === CONSUMER_NOT_FOUND) return undefined;
    throw asBusError(error, what);
  });
  try {
    if (found !== undefined) return await adjusted(manager, found, wanted, what);
    const start = resumeAt === undefined ? startOf(wanted.start) : startOf({ sequence: resumeAt });
    const info = await manager.consumers.add(stream.config.name, {
      durable_name: wanted.name,
      ack_policy: 'explicit',
      ...settingsOf(wanted),
      // A work queue accepts no other start, and needs none: acknowledged messages are no longer in it.
      ...(stream.config.retention === 'workqueue' && resumeAt !== undefined ? startOf('all') : start),
    });
    return { info, isNew: true, difference: undefined, hadOtherFilters: false };
  } catch (error) {
    throw asBusError(error, what);
  }
}

type Settings = Pick<ConsumerConfig, 'ack_wait' | 'max_ack_pending' | 'max_deliver' | 'filter_subjects'>;

function settingsOf({ filters, maxAckPending }: ConsumerWanted): Settings {
  return {
    ack_wait: ACK_WAIT_MS * NS_PER_MS,
    max_ack_pending: maxAckPending,
    max_deliver: -1,
    ...(filters.length > 0 && { filter_subjects: [...filters] }),
  };
}

type Beginning = Pick<ConsumerConfig, 'deliver_policy' | 'opt_start_seq' | 'opt_start_time'>;

export function startOf(start: Start): Beginning {
  if (start === 'all' || start === 'new') return { deliver_policy: start };
  if ('time' in start) return { deliver_policy: 'by_start_time', opt_start_time: start.time };
  return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, start.sequence) };
}

async function adjusted(
  manager: JetStreamManager,
  found: ConsumerInfo,
  wanted: ConsumerWanted,
  what: string,
): Promise<EnsuredConsumer> {
  const clash = clashOf(found.config);
  if (clash !== undefined) {
    throw new SluiceError('BUS_SETTING', `${what} ${clash}; delete it, or name another with durable`);
  }
  const difference = settingsDifference(found.config, wanted);
  const hadOtherFilters = filtersOf(found.config) !== wanted.filters.toSorted().join(' ');
  if (difference === undefined) return { info: found, isNew: false, difference, hadOtherFilters };
  // The client merges these into the settings that it finds. Both spellings: the server refuses a consumer with both filters.
  const info = await manager.consumers.update(found.stream_name, found.name, {
    ...settingsOf(wanted),
    filter_subject: '',
    filter_subjects: [...wanted.filters],
  });
  const left = settingsDifference(info.config, wanted);
  if (left === undefined) return { info, isNew: false, difference, hadOtherFilters };
  throw new SluiceError('BUS_SETTING', `${what} stays otherwise than the route needs it: ${left}`);
}

/** The differences of a consumer to the wanted one, in words. */
export function differenceOf(config: ConsumerConfig, wanted: ConsumerWanted): string | undefined {
  return clashOf(config) ?? settingsDifference(config, wanted);
}

function filtersOf({ filter_subject: one, filter_subjects: many }: ConsumerConfig): string {
  return (many ?? (one === undefined || one === '' ? [] : [one])).toSorted().join(' ');
}

function settingsDifference(config: ConsumerConfig, wanted: ConsumerWanted): string | undefined {
  const settings = settingsOf(wanted);
  const pairs = [
    ['filter_subjects', filtersOf(config), wanted.filters.toSorted().join(' ')],
    ['ack_wait', config.ack_wait, settings.ack_wait],
    ['max_ack_pending', config.max_ack_pending, settings.max_ack_pending],
    ['max_deliver', config.max_deliver ?? -1, -1],
  ] as const;
  const different = pairs.filter(([, found, right]) => found !== right);
  if (different.length === 0) return undefined;
  return different.map(([name, found, right]) => `${name} was ${shown(found)}, not ${shown(right)}`).join('; ');
}

/** A setting that the server would not change, or that another reader seems to need. */
function clashOf(config: ConsumerConfig): string | undefined {
  if (config.deliver_subject !== undefined && config.deliver_subject !== '')
    return 'is a push consumer, not a pull consumer';
  if (config.ack_policy !== 'explicit') return `acknowledges by the policy ${config.ack_policy}, not explicit`;
  if (config.headers_only === true) return 'delivers headers without bodies (headers_only)';
  if ((config.backoff?.length ?? 0) > 0) return 'has a backoff, which redelivers out of order';
  if ((config.priority_groups?.length ?? 0) > 0) return 'has priority groups';
  const limit = (['max_batch', 'max_expires', 'max_bytes'] as const).find((name) => (config[name] ?? 0) > 0);
  return limit === undefined ? undefined : `limits pulls (${limit})`;
}

function shown(value: string | number | undefined): string {
  return value === '' ? 'all' : String(value);
}
