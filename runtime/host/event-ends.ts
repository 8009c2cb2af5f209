import type { Catalog } from '#contract/catalog.ts';
import type { Bus } from '#contract/bus.ts';
import type { Delivery, Replayed } from '#contract/delivery.ts';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import {
  EVENT_PREFIX,
  type EventSinkMode,
  type EventSourceMode,
  type EventSpelling,
  USUAL_EVENT_SPELLING,
} from '#contract/event-attributes.ts';
import type { Frame } from '#contract/frame.ts';
import type { SendResult } from '#contract/send-result.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { maxBodyOf } from './body-reads.ts';
import { type EventWriting, REQUIRED } from '../codecs/cloudevents/attributes.ts';
import { isBinary, readBinary, writeBinary } from '../codecs/cloudevents/binary-mode.ts';
import { isStructured, readStructured, writeStructured } from '../codecs/cloudevents/structured-mode.ts';

/** Beside the data, which `maxBody` bounds: attributes, and what base64 adds. */
const ROOM_BYTES = 65_536;
const BASE64_GROWTH = 1.5;

/**
 * A source whose messages are CloudEvents: their frames hold the data and, in headers, the attributes. A message that is none is
 * rejected as it came. A dead letter holds what the event was read as, so it is not read again in replay.
 */
function eventSource(source: Source, bus: Bus, mode: EventSourceMode, maxBodyBytes: number): Source {
  const spelling = bus.eventSpelling ?? USUAL_EVENT_SPELLING;
  const mostBytes = maxBodyBytes * BASE64_GROWTH + ROOM_BYTES;
  return {
    async read(demand, signal) {
      const deliveries = await source.read(demand, signal);
      return deliveries.map((delivery) => readDelivery(delivery, spelling, { mode, mostBytes }));
    },
    close: () => source.close(),
  };
}

interface Reading {
  readonly mode: EventSourceMode;
  readonly mostBytes: number;
}

function readDelivery(delivery: Delivery, spelling: EventSpelling, reading: Reading): Delivery {
  const { frame, fault, replay } = delivery;
  if (fault !== undefined) return delivery;
  try {
    if (replay !== undefined && isReadEvent(frame, replay)) return delivery;
    return withParts(delivery, { frame: read(frame, spelling, reading) });
  } catch (thrown) {
    return withParts(delivery, { fault: asSluiceError(thrown) });
  }
}

/** A delivery may be an object with private state: what is not replaced is asked of it. */
function withParts(delivery: Delivery, parts: Partial<Delivery>): Delivery {
  const settle: Delivery['settle'] = (outcome) => delivery.settle(outcome);
  const { id, frame, attempt, isIdUnsure, isNumberedHere, lane, fault, replay, shared, arrivedAtMs } = delivery;
  return {
    id,
    frame,
    attempt,
    ...(isIdUnsure !== undefined && { isIdUnsure }),
    ...(isNumberedHere !== undefined && { isNumberedHere }),
    ...(lane !== undefined && { lane }),
    ...(fault !== undefined && { fault }),
    ...(replay !== undefined && { replay }),
    ...(shared !== undefined && { shared }),
    ...(arrivedAtMs !== undefined && { arrivedAtMs }),
    settle,
    ...parts,
  };
}

/**
 * Whether the frame of a replayed dead letter is an event as it was read. One that was refused is as it came, with whatever headers:
 * so the letter says whether it was, and what was read has every attribute that an event needs, and the content type of its data.
 */
function isReadEvent({ headers, contentType }: Frame, { ended }: Replayed): boolean {
  if (ended?.code === 'CLOUDEVENT_INVALID' && ended.stage === 'decode') return false;
  const has = (name: string): boolean => (headers.get(EVENT_PREFIX + name)?.[0] ?? '') !== '';
  return !isStructured(contentType) && has('specversion') && REQUIRED.every(has);
}

function read(frame: Frame, spelling: EventSpelling, { mode, mostBytes }: Reading): Frame {
  const { contentType, body } = frame;
  // A bus without content types has structured events alone, and only a file can say so.
  const asStructured = isStructured(contentType) || (mode === 'structured' && contentType === undefined);
  if (mode === 'binary' && asStructured) throw refusal('a structured one where the route reads binary ones');
  if (asStructured) {
    if (body !== null && body.length > mostBytes)
      throw new SluiceError('BODY_TOO_LARGE', `expected an event of at most ${mostBytes} bytes, found ${body.length}`);
    return readStructured(frame);
  }
  if (mode === 'structured') throw refusal(`a message of another content type than application/cloudevents+json`);
  if (mode === 'any' && !isBinary(frame, spelling)) throw refusal('neither its content type nor its headers');
  return readBinary(frame, spelling);
}

function refusal(found: string): SluiceError {
  return new SluiceError('CLOUDEVENT_INVALID', `expected a CloudEvent, found ${found}`, { place: { stage: 'decode' } });
}

/** A sink that writes each frame as a CloudEvent. */
function eventSink(sink: Sink, bus: Bus, mode: EventSinkMode, writing: EventWriting): Sink {
  const spelling = bus.eventSpelling ?? USUAL_EVENT_SPELLING;
  const written = (frame: Frame): Frame =>
    mode === 'structured' ? writeStructured(frame, writing) : writeBinary(frame, spelling, writing);
  const { removesForMs } = sink;
  return {
    get maxInFlight() {
      return sink.maxInFlight;
    },
    ...(removesForMs !== undefined && { removesForMs }),
    send: (frame) => sink.send(written(frame)),
    ...(sink.sendTo !== undefined && {
      sendTo: (frame: Frame, result: SendResult) => sink.sendTo?.(written(frame), result),
    }),
    ...(sink.recoverIds !== undefined && { recoverIds: sink.recoverIds.bind(sink) }),
    close: () => sink.close(),
  };
}

/** The source of a route, as it is unless the file says that its messages are events. */
export function eventsIn(spec: RouteSpec, bus: Bus, source: Source): Source {
  const { cloudevents } = spec.from;
  return cloudevents === undefined ? source : eventSource(source, bus, cloudevents, maxBodyOf(spec));
}

/** The sink, as it is unless the file says that it gets events. */
export function eventsOut(spec: RouteSpec, to: RouteSpec['to'], { buses }: Catalog, sink: Sink): Sink {
  const bus = buses.get(to.bus);
  if (to.cloudevents === undefined || bus === undefined) return sink;
  const isRemade = spec.stages.some(({ kind }) => kind.changesBody);
  return eventSink(sink, bus, to.cloudevents, { keepsId: !isRemade });
}
