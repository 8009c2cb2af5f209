import type { Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import { labelOf } from '#contract/label.ts';
import type { LabelRules } from '#contract/label-rules.ts';
import type { Label, Message } from '#contract/message.ts';
import type { TemplateView } from '#contract/template.ts';
import { contentId } from '#kit/content-id.ts';
import { messageTimeMs } from '#kit/message-time.ts';
import { rankOf } from '#kit/rank.ts';
import { hopsOf } from '../frames/hops.ts';
import { type Envelope, decodedMessage } from '../in-flight.ts';
import { decodedBody } from '../frames/decoded-body.ts';
import { watched } from '../frames/watched.ts';
import type { Policy, Route } from '../route-parts.ts';
import { boundedId } from './bounded-id.ts';
import { boundHeaders } from '../frames/header-bound.ts';
import type { ReuseNotes } from './reuse-notes.ts';
import { timeIn } from './stated-time.ts';

/** The same object as the envelope that the other steps read: making a second one would cost a message more than its lanes. */
type Draft = { -readonly [Field in keyof Envelope]: Envelope[Field] };

/** The envelope of a delivery whose frame is not read yet. `nowMs`: the time of the read. */
export function unread({ policy, observers }: Route, delivery: Delivery, nowMs: number): Envelope {
  return {
    delivery,
    bytes: delivery.frame.body?.length ?? 0,
    receivedAtMs: delivery.replay?.receivedAtMs ?? delivery.arrivedAtMs ?? nowMs,
    trace: observers.tracer?.begin(delivery, delivery.arrivedAtMs ?? nowMs),
    id: idOf(policy, delivery.id),
    hops: 0,
    label: undefined,
    key: undefined,
    madeAtMs: undefined,
    expiresAtMs: undefined,
    sequence: undefined,
    repeatKey: undefined,
    mayRepeat: false,
    lane: undefined,
  };
}

/**
 * Decodes the frame and reads its label, id, key, times, sequence and repeat key into the envelope. Throws a SluiceError;
 * then the envelope holds what was read before.
 */
export function readFrame(route: Route, envelope: Draft, notes: ReuseNotes): Message {
  const { policy } = route;
  const { delivery, bytes } = envelope;
  if (delivery.fault !== undefined) throw delivery.fault;
  // Invariant 6: the label is read from the frame and written by the runtime alone.
  envelope.label = readLabelOf(policy.labels, envelope);
  const outOfRange = envelope.label === undefined ? undefined : policy.labels?.outOfRange(envelope.label);
  if (outOfRange !== undefined) throw outOfRange;
  boundHeaders(delivery.frame);
  envelope.hops = delivery.replay === undefined ? hopsOf(delivery.frame) : 0;
  if (envelope.hops >= policy.maxHops) throw looped(policy, envelope);
  if (bytes > policy.maxBodyBytes) {
    const text = `expected a body of at most ${policy.maxBodyBytes} bytes, found ${bytes}`;
    throw new SluiceError('BODY_TOO_LARGE', text, { place: { stage: 'decode' } });
  }
  return watched(route, 'decode', decoded, envelope, notes);
}

function decoded({ policy }: Route, envelope: Draft, notes: ReuseNotes): Message {
  const body = decodedBody(policy, envelope);
  readFields(policy, envelope, body, notes);
  return decodedMessage(envelope, body);
}

function readLabelOf(labels: LabelRules | undefined, { delivery, receivedAtMs, trace }: Draft): Label | undefined {
  if (labels === undefined) return labelOf(delivery.frame);
  const label = labels.labelOf(delivery.frame, receivedAtMs);
  trace?.labelled(labels.seen(label).class);
  return label;
}

/** Reads the label of a frame that is refused unread; undefined where it has none that is sound. */
export function readLabel({ labels }: Policy, envelope: Draft): void {
  try {
    envelope.label = readLabelOf(labels, envelope);
  } catch {
    envelope.label = undefined;
  }
}

/** An earlier process or connection may have sent it. */
export function markRepeat(envelope: Draft): void {
  envelope.mayRepeat = true;
}

function readFields(policy: Policy, envelope: Draft, body: unknown, notes: ReuseNotes): void {
  const { frame } = envelope.delivery;
  const key = policy.key === undefined ? frame.key : policy.key(look(envelope, undefined, body));
  const { id, sequence, timestamp, dedupe } = policy;
  const isLookedAt = id !== undefined || sequence !== undefined || timestamp !== undefined || dedupe !== undefined;
  const view = isLookedAt ? look(envelope, key, body) : undefined;
  let isCounted = false;
  if (view !== undefined && id !== undefined) {
    const named = `${frame.address}/${id(view)}`;
    envelope.id = idOf(policy, `${named}~${contentId(frame.address, frame.key, frame.body)}`);
    isCounted = notes.isReused(named, envelope.id);
    if (isCounted) notes.count();
  }
  const namedMs = view && timestamp && timeIn(timestamp.of(view), timestamp.unit);
  if (view !== undefined && sequence !== undefined) envelope.sequence = sequenceIn(sequence(view));
  envelope.madeAtMs = namedMs ?? frame.timestampMs;
  if (policy.needsPublisherTime) requireTime(envelope.delivery, namedMs);
  envelope.expiresAtMs = expiry(policy, envelope);
  if (key === undefined && policy.needsKey) {
    throw new SluiceError('KEY_MISSING', `expected a key, which class ${policy.trafficClass} works by, found none`);
  }
  envelope.key = key;
  if (key !== undefined) envelope.trace?.keyed(key);
  if (view === undefined || dedupe === undefined) return;
  const value = dedupe.by(view);
  envelope.repeatKey = dedupe.comparesContent ? `${value}~${contentId(frame.address, frame.key, frame.body)}` : value;
  // A message is counted once, even if both `id` and `dedupe` are reused.
  const isReused = dedupe.comparesContent && notes.isReused(`dedupe ${value}`, envelope.repeatKey);
  if (isReused && !isCounted) notes.count();
}

/** By route: what its ids begin with. To join it for each message would cost as much as the rest of the id. */
const prefixes = new WeakMap<Policy, string>();

/** Pipeline and route come first: two routes into one stream never share an id. */
function idOf(policy: Policy, id: string): string {
  let prefix = prefixes.get(policy);
  if (prefix === undefined) {
    prefix = `${policy.pipeline}/${policy.name}/`;
    prefixes.set(policy, prefix);
  }
  return prefix + boundedId(id);
}

function look({ delivery: { id, frame } }: Envelope, key: string | undefined, body: unknown): TemplateView {
  return { id, address: frame.address, key, headers: frame.headers, body, origin: frame };
}

function looped({ maxHops }: Policy, { hops }: Envelope): SluiceError {
  const text = `expected a message that has passed less than ${maxHops} routes, found one that has passed ${hops}`;
  return new SluiceError('LOOP_DETECTED', text, { place: { stage: 'decode' } });
}

/** `namedMs`: the route's own `timestamp`. A renewed expiry of a replayed dead letter needs no time. */
function requireTime({ frame, replay }: Delivery, namedMs: number | undefined): void {
  const isServers = frame.timestampMs !== undefined && frame.stampedBy === 'server';
  if (namedMs !== undefined || replay?.expiresAtMs !== undefined) return;
  if (frame.timestampMs !== undefined && !isServers) return;
  const found = isServers ? "the server's alone" : 'none';
  const text = `expected a time of the publisher, from which expires counts, found ${found}`;
  throw new SluiceError('TIMESTAMP_MISSING', text, { place: { stage: 'decode' } });
}

function expiry({ expiresAfterMs }: Policy, { delivery, madeAtMs, receivedAtMs }: Envelope): number | undefined {
  const { expiresAtMs } = delivery.frame;
  const renewed = delivery.replay?.expiresAtMs;
  if (renewed !== undefined) return renewed;
  if (expiresAfterMs === undefined) return expiresAtMs;
  const ours = messageTimeMs((madeAtMs ?? receivedAtMs) + expiresAfterMs);
  return ours === undefined || expiresAtMs === undefined ? (ours ?? expiresAtMs) : Math.min(ours, expiresAtMs);
}

function sequenceIn(text: string): number {
  const rank = rankOf(text);
  if (rank !== undefined) return rank;
  const expected = 'expected sequence to be a decimal number or an RFC 3339 time, found another text';
  throw new SluiceError('SEQUENCE_INVALID', expected, { place: { stage: 'decode' } });
}
