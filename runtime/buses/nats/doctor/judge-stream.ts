import type { ExaminedEnd } from '#contract/doctor.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { durationText, sizeText } from '#kit/quantity-text.ts';
import { endName, judgeMaxBody, type LineWriter } from '../../support/doctor-checks.ts';
import { type Bounds, holdsForMs, type Inflow } from '../../support/doctor-retention.ts';
import type { StreamInfo } from '../client/library.ts';
import type { JetStreamFrom, JetStreamTo } from '../jetstream/options.ts';
import { streamNotices } from '../jetstream/stream.ts';
import { filterOfTemplate, overlap } from '../subject.ts';

const NS_PER_MS = 1_000_000;
/** A shorter span says nothing of a rate. */
const LEAST_SPAN_MS = 60_000;

/** Whatever holds for both ends. */
export interface StreamFacts {
  readonly info: StreamInfo;
  readonly perSecond: number | undefined;
  readonly maxPayload: number;
}

export function judgeSourceStream(say: LineWriter, source: ExaminedEnd<JetStreamFrom>, facts: StreamFacts): void {
  const { info } = facts;
  const about = `${endName(source)}, stream ${info.config.name}`;
  say.ok('EXISTS', about, holding(info));
  const notices = streamNotices(info, source.end.subjects ?? []);
  for (const { text } of notices) say.warning('SUBJECTS', about, text, 'subjects of the stream, or of the source');
  if (notices.length === 0) say.ok('SUBJECTS', about, (info.config.subjects ?? ['those of its sources']).join(', '));
  judgeRetention(say, source, about, facts);
}

export function judgeSinkStream(
  say: LineWriter,
  sink: ExaminedEnd<JetStreamTo>,
  facts: StreamFacts,
  mayRecover: boolean,
): void {
  const { info, maxPayload } = facts;
  const { config } = info;
  const about = `${endName(sink)}, stream ${config.name}`;
  say.ok('EXISTS', about, holding(info));
  if (config.no_ack === true)
    say.error('EXISTS', about, 'no_ack is set: the stream confirms nothing', `nats stream edit ${config.name} --ack`);
  if (config.sealed)
    say.error('EXISTS', about, 'the stream is sealed: nothing is added to it any more', 'another stream, in stream:');
  judgeSubjects(say, sink, about, info);
  judgeRetention(say, sink, about, facts);
  judgeDedupe(say, sink, about, { info, mayRecover });
  judgeStorage(say, about, info);
  const ofStream = config.max_msg_size > 0 ? config.max_msg_size : Number.POSITIVE_INFINITY;
  const setting = ofStream < maxPayload ? 'max_msg_size' : 'max_payload';
  judgeMaxBody(say, sink, { bytes: Math.min(ofStream, maxPayload), setting, about: `stream ${config.name}` });
}

function holding({ state }: StreamInfo): string {
  return `holds ${state.messages} messages, ${sizeText(state.bytes)}`;
}

function judgeSubjects(say: LineWriter, sink: ExaminedEnd<JetStreamTo>, about: string, { config }: StreamInfo): void {
  const taken = config.subjects ?? [];
  const filter = filterOfTemplate(sink.end.subject);
  const listed = taken.join(', ') || 'none';
  if (taken.some((subject) => overlap(subject, filter))) return say.ok('SUBJECTS', about, listed);
  const found = `the stream takes ${listed}, and ${sink.end.subject} is none of them`;
  say.error('SUBJECTS', about, found, `nats stream edit ${config.name} --subjects ${filter}, or subject:`);
}

function judgeRetention(say: LineWriter, end: ExaminedEnd, about: string, facts: StreamFacts): void {
  const { config } = facts.info;
  const { outageMs } = end;
  const outage = durationText(outageMs);
  const edit = `nats stream edit ${config.name}`;
  let isFine = true;
  const warn = (found: string, write: string): void => {
    isFine = false;
    say.warning('RETENTION', about, found, write);
  };
  const ageMs = config.max_age / NS_PER_MS;
  if (ageMs > 0 && ageMs < outageMs) {
    const found = `max_age ${durationText(ageMs)} is shorter than an outage of ${outage}: what was not read by then is removed`;
    warn(found, `${edit} --max-age ${Math.ceil(outageMs / 1000)}s`);
  }
  if (config.max_msgs_per_subject > 0 && config.discard !== 'new' && CLASSES[end.trafficClass].keeps === 'all') {
    const found = `max_msgs_per_subject ${config.max_msgs_per_subject}: a newer message of a subject removes the oldest, read or not, and class ${end.trafficClass} keeps all`;
    warn(found, `${edit} --max-msgs-per-subject=-1, or class: telemetry`);
  }
  const bounds = boundsOf(facts.info);
  const holdsMs = holdsForMs(bounds, inflowOf(facts));
  const texts = [
    ...(bounds.messages === undefined ? [] : [`max_msgs ${bounds.messages}`]),
    ...(bounds.bytes === undefined ? [] : [`max_bytes ${sizeText(bounds.bytes)}`]),
  ].join(', ');
  if (holdsMs === undefined || holdsMs < outageMs) {
    const howLong =
      holdsMs === undefined ? 'for how long cannot be told without --rate' : `for ${durationText(holdsMs)}`;
    const isOld = config.discard !== 'new';
    const full = isOld ? 'discard old then removes the oldest, read or not' : 'discard new then refuses every message';
    const write = `${edit} with larger bounds for an outage of ${outage}${isOld ? ', or --discard new' : ''}`;
    warn(`${texts} lasts ${howLong}: ${full}`, write);
  }
  if (!isFine) return;
  const age = ageMs > 0 ? `max_age ${durationText(ageMs)}` : 'no max_age';
  say.ok('RETENTION', about, `${age}, ${texts === '' ? 'no bound' : texts}; outage ${outage}`);
}

function boundsOf({ config }: StreamInfo): Bounds {
  return {
    messages: config.max_msgs > 0 ? config.max_msgs : undefined,
    bytes: config.max_bytes > 0 ? config.max_bytes : undefined,
  };
}

/** By `--rate`, else by what the stream holds. */
function inflowOf({ info, perSecond }: StreamFacts): Inflow | undefined {
  const { messages, bytes, first_ts: first, last_ts: last } = info.state;
  const meanBytes = messages > 0 ? bytes / messages : undefined;
  if (perSecond !== undefined) return { perSecond, meanBytes };
  const spanMs = Date.parse(last) - Date.parse(first);
  return messages > 1 && spanMs >= LEAST_SPAN_MS ? { perSecond: (messages / spanMs) * 1000, meanBytes } : undefined;
}

function judgeDedupe(
  say: LineWriter,
  sink: ExaminedEnd<JetStreamTo>,
  about: string,
  { info, mayRecover }: { readonly info: StreamInfo; readonly mayRecover: boolean },
): void {
  const windowMs = (info.config.duplicate_window ?? 0) / NS_PER_MS;
  const window = `duplicate_window ${durationText(windowMs)}`;
  const outage = durationText(sink.outageMs);
  if (windowMs >= sink.outageMs) return say.ok('DEDUPE_WINDOW', about, `${window} outlasts an outage of ${outage}`);
  if (sink.direction === 'dead-letters')
    return say.ok('DEDUPE_WINDOW', about, `${window}; a dead letter may be there twice after a longer outage`);
  if (mayRecover)
    return say.ok('DEDUPE_WINDOW', about, `${window}; after a longer outage the end of the stream is read instead`);
  const found = `${window} is shorter than an outage of ${outage}, and this user may not read the end of the stream: then messages are stored twice`;
  const write = `nats stream edit ${info.config.name} --dupe-window ${Math.ceil(sink.outageMs / 1000)}s, or the rights for log recovery (sluice acl)`;
  say.warning('DEDUPE_WINDOW', about, found, write);
}

function judgeStorage(say: LineWriter, about: string, { config }: StreamInfo): void {
  const copies = `${config.num_replicas} ${config.num_replicas === 1 ? 'copy' : 'copies'}`;
  if (config.storage !== 'memory') return say.ok('STORAGE', about, `in files, ${copies}`);
  const found = `the stream is in memory (${copies}): a restart loses what it has confirmed`;
  say.warning('STORAGE', about, found, `a stream with --storage file instead of ${config.name}`);
}
