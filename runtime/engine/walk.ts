import { isStackOverflow, messageOf, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { labelOf } from '#contract/label.ts';
import type { Message } from '#contract/message.ts';
import { STEPS } from '#contract/event-loop-watchdog.ts';
import { Dropped, type StageResult } from '#contract/stage.ts';
import { contentId } from '#kit/content-id.ts';
import { messageTimeMs } from '#kit/message-time.ts';
import { rankOf } from '#kit/rank.ts';
import { boundedId } from './admit/bounded-id.ts';
import { boundHeaders } from './admit/header-bound.ts';
import { contentTypeOut, headersOut } from './headers-out.ts';
import { countHops, typesLeft, withHops } from './hops.ts';
import type { InFlight } from './in-flight.ts';
import type { TemplateView } from '#contract/template.ts';
import type { Route } from './route.ts';
import { isSeveral, runStages } from './run-stages.ts';
import { timeIn } from './admit/stated-time.ts';

/** The result of the stages for one delivery: frames to send, or a drop. */
export type Passed = readonly Frame[] | Dropped;

/**
 * Steps 2 and 3 of the walk: decodes the frame, reads its label, makes its id. Writes id, label, hops, times and sequence
 * into `inFlight`. Throws a SluiceError; then `inFlight.message` stays undefined.
 */
export function receive(route: Route, inFlight: InFlight): Message {
  identify(route, inFlight);
  if (inFlight.delivery.fault !== undefined) throw inFlight.delivery.fault;
  // Invariant 6: the label is read from the frame and written by the runtime alone.
  inFlight.label = labelOf(inFlight.delivery.frame);
  boundHeaders(inFlight.delivery.frame);
  countHops(route, inFlight);
  if (inFlight.bytes > route.maxBodyBytes) throw tooLarge(route, inFlight);
  return watched(route, inFlight, 'decode', () => read(route, inFlight));
}

function tooLarge({ maxBodyBytes }: Route, { bytes }: InFlight): SluiceError {
  return new SluiceError('BODY_TOO_LARGE', `expected a body of at most ${maxBodyBytes} bytes, found ${bytes}`, {
    place: { stage: 'decode' },
  });
}

/** Runs a step under the event-loop watchdog, where the route reads the body. Throws a SluiceError. */
function watched<Made>(route: Route, inFlight: InFlight, step: keyof typeof STEPS, act: () => Made): Made {
  const { eventLoopWatchdog, decoding } = route;
  if (decoding === undefined) return act();
  eventLoopWatchdog?.begin(STEPS[step], inFlight.delivery);
  try {
    return act();
  } catch (thrown) {
    throw isStackOverflow(thrown) ? tooDeep(step) : thrown;
  } finally {
    eventLoopWatchdog?.end();
  }
}

function tooDeep(stage: string): SluiceError {
  return new SluiceError(
    'BODY_TOO_DEEP',
    'expected a body whose nesting the stack of the process can hold, found a deeper one',
    { place: { stage } },
  );
}

function read(route: Route, inFlight: InFlight): Message {
  const { frame } = inFlight.delivery;
  const body = route.decoding === undefined ? undefined : decode(route, frame);
  const key = route.key === undefined ? frame.key : route.key(look(inFlight, undefined, body));
  if (route.id !== undefined) {
    const named = `${frame.address}/${route.id(look(inFlight, key, body))}`;
    inFlight.id = idOf(route, `${named}~${contentId(frame.address, frame.key, frame.body)}`);
    if (inFlight.attempt === 1) noteReuse(route, inFlight, named, inFlight.id);
  }
  const { sequence, timestamp } = route;
  const view = sequence === undefined && timestamp === undefined ? undefined : look(inFlight, key, body);
  const madeAtMs =
    view === undefined || timestamp === undefined ? undefined : timeIn(timestamp.of(view), timestamp.unit);
  if (view !== undefined && sequence !== undefined) inFlight.sequence = sequenceIn(sequence(view));
  inFlight.madeAtMs = madeAtMs ?? frame.timestampMs;
  if (route.needsPublisherTime) requireTime(inFlight, madeAtMs);
  inFlight.expiresAtMs = expiry(route, inFlight);
  if (key === undefined && route.needsKey) {
    throw new SluiceError('KEY_MISSING', `expected a key, which class ${route.trafficClass} works by, found none`);
  }
  return {
    id: inFlight.id,
    address: frame.address,
    key,
    label: inFlight.label,
    headers: frame.headers,
    body,
    origin: frame,
  };
}

/** `namedMs`: the route's own `timestamp`. A renewed expiry of a replayed dead letter needs no time. */
function requireTime({ delivery: { frame, replay } }: InFlight, namedMs: number | undefined): void {
  const isServers = frame.timestampMs !== undefined && frame.stampedBy === 'server';
  if (namedMs !== undefined || replay?.expiresAtMs !== undefined) return;
  if (frame.timestampMs !== undefined && !isServers) return;
  const found = isServers ? "the server's alone" : 'none';
  throw new SluiceError(
    'TIMESTAMP_MISSING',
    `expected a time of the publisher, from which expires counts, found ${found}`,
    {
      place: { stage: 'decode' },
    },
  );
}

/** Sets the id of a delivery before its body is read. */
export function identify(route: Route, inFlight: InFlight): void {
  inFlight.id = idOf(route, inFlight.delivery.id);
}

/** Pipeline and route come first: two routes into one stream never share an id. */
function idOf({ pipeline, name }: Route, id: string): string {
  return `${pipeline}/${name}/${boundedId(id)}`;
}

/**
 * Steps 4 and 5: runs the stages and encodes their results. Returns a promise only where a stage returned one. When one of
 * several messages of a delivery fails, none of them is sent. Throws or rejects with a SluiceError.
 */
export function pass(route: Route, inFlight: InFlight, message: Message): Passed | Promise<Passed> {
  const result = runStages(route, inFlight, message, 0);
  return result instanceof Promise
    ? result.then((made) => leave(route, inFlight, made))
    : leave(route, inFlight, result);
}

function decode(route: Route, frame: Frame): unknown {
  if (frame.body === null) {
    throw new SluiceError('NO_BODY', 'expected a body to read, found none', { place: { stage: 'decode' } });
  }
  const codec = route.decoding?.(frame.contentType);
  try {
    return codec?.decode(frame.body);
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown.at({ stage: 'decode' });
    if (isStackOverflow(thrown)) throw thrown;
    throw new SluiceError('DECODE_FAILED', `expected ${codec?.name}, found ${messageOf(thrown)}`, {
      place: { stage: 'decode' },
    });
  }
}

function look(inFlight: InFlight, key: string | undefined, body: unknown): TemplateView {
  const { id, frame } = inFlight.delivery;
  return { id, address: frame.address, key, headers: frame.headers, body, origin: frame };
}

function expiry(route: Route, inFlight: InFlight): number | undefined {
  const { expiresAtMs } = inFlight.delivery.frame;
  const renewed = inFlight.delivery.replay?.expiresAtMs;
  if (renewed !== undefined) return renewed;
  if (route.expiresAfterMs === undefined) return expiresAtMs;
  const ours = messageTimeMs((inFlight.madeAtMs ?? inFlight.receivedAtMs) + route.expiresAfterMs);
  return ours === undefined || expiresAtMs === undefined ? (ours ?? expiresAtMs) : Math.min(ours, expiresAtMs);
}

/** The repeat key of a message; undefined where the route has no `dedupe`. */
export function repeatKeyOf(route: Route, inFlight: InFlight, { key, body }: Message): string | undefined {
  if (route.dedupe === undefined) return undefined;
  const { by, comparesContent } = route.dedupe;
  const value = watched(route, inFlight, 'decode', () => by(look(inFlight, key, body)));
  if (!comparesContent) return value;
  const { frame } = inFlight.delivery;
  const whole = `${value}~${contentId(frame.address, frame.key, frame.body)}`;
  noteReuse(route, inFlight, `dedupe ${value}`, whole);
  return whole;
}

/**
 * Notes an id that another content had before: a publisher began anew, or two publishers have one name. A message is
 * counted once, even if both `id` and `dedupe` note it.
 */
function noteReuse({ reusedIds, counters, log, name }: Route, inFlight: InFlight, id: string, whole: string): void {
  if (!reusedIds.isReused(id, whole) || inFlight.isIdReused) return;
  inFlight.isIdReused = true;
  counters.idsReused += 1;
  if (counters.idsReused > 1) return;
  const text =
    'a message has the id, or the value of dedupe, of one with another content: it is not taken for a repetition of that one';
  log.warn('id-reused', { route: name, code: 'ID_REUSED', text });
}

function sequenceIn(text: string): number {
  const rank = rankOf(text);
  if (rank !== undefined) return rank;
  throw new SluiceError(
    'SEQUENCE_INVALID',
    'expected sequence to be a decimal number or an RFC 3339 time, found another text',
    { place: { stage: 'decode' } },
  );
}

function leave(route: Route, inFlight: InFlight, result: StageResult): Passed {
  if (result instanceof Dropped) return result;
  return watched(route, inFlight, 'encode', () => framesOf(route, inFlight, result));
}

function framesOf(route: Route, inFlight: InFlight, result: Message | readonly Message[]): readonly Frame[] {
  if (!isSeveral(result)) return [toFrame(route, inFlight, result)];
  return result.map((message) => toFrame(route, inFlight, message));
}

function toFrame(route: Route, inFlight: InFlight, message: Message): Frame {
  const { origin } = message;
  const codec = route.encoding?.(origin.contentType);
  let body = origin.body;
  if (codec !== undefined) {
    try {
      body = codec.encode(message.body, origin.body);
    } catch (thrown) {
      if (thrown instanceof SluiceError) throw thrown.at({ stage: 'encode' });
      if (isStackOverflow(thrown)) throw thrown;
      throw new SluiceError(
        'ENCODE_FAILED',
        `expected a body that ${codec.name} can write, found ${messageOf(thrown)}`,
        {
          place: { stage: 'encode' },
        },
      );
    }
  }
  return {
    address: route.address(message),
    key: message.key,
    headers: withHops(headersOut(route, message), inFlight.hops + 1),
    headerTypes: typesLeft(origin.headerTypes, route.headers.keys()),
    body,
    id: message.id,
    contentType: contentTypeOut(route, codec, message),
    timestampMs: inFlight.madeAtMs,
    expiresAtMs: inFlight.expiresAtMs,
  };
}
