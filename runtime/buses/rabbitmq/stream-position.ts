import type { BusContext } from '#contract/bus.ts';
import { asSluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { QueueDelivery } from './queue-delivery.ts';
import { SettledPrefix } from '../support/settled-prefix.ts';
import type { Start } from './options.ts';
import { type Kept, type Place, fingerprintOf, readPlace, writePlace } from './stream-checkpoint.ts';

/** The interval at which a changed position is saved. */
export const SAVE_MS = 1000;

/** `new`: deliver the message. `seen`: skip it. `replaced`: begin again, because the stream was replaced. */
type Verdict = 'new' | 'seen' | 'replaced';

/**
 * The route's position in a stream, which the server does not store over this protocol. A resumed session requests the last
 * known message, not the one behind it: when the same message arrives, nothing between was cut off.
 */
export class StreamPosition {
  readonly #context: BusContext;
  readonly #queue: string;
  readonly #start: Start;
  #order = new SettledPrefix<QueueDelivery>();
  #kept: Kept;
  /** The last delivery to the engine; it outlives a session. */
  #handed: { readonly offset: number; readonly frame: Frame } | undefined;
  /** The message that must arrive first in this session, if the stream still has it. */
  #awaited: { readonly offset: number; readonly print: string | undefined; readonly isUnsettled?: true } | undefined;
  /** Messages below this offset are sent only because they are in the same chunk. */
  #floor = 0;
  #unsaved: QueueDelivery | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: BusContext, queue: string, start: Start) {
    this.#context = context;
    this.#queue = queue;
    this.#start = start;
    this.#kept = readPlace(context.checkpoint, queue) ?? { queue, generation: 0, place: { kind: 'start' } };
  }

  /** Whether a first message is awaited, and neither it nor a later one has arrived. */
  get isAwaiting(): boolean {
    return this.#awaited !== undefined;
  }

  /** The stable id of a message. */
  idOf(offset: number): string {
    const { generation } = this.#kept;
    return generation === 0 ? `${this.#queue}:${offset}` : `${this.#queue}:${generation}:${offset}`;
  }

  /** Begins a session and returns its x-stream-offset. */
  attach(): unknown {
    const { place } = this.#kept;
    const known = this.#handed;
    this.#floor = 0;
    this.#awaited = undefined;
    if (known !== undefined || place.kind === 'after') {
      const awaited =
        known === undefined
          ? { offset: place.kind === 'after' ? place.offset : 0, print: place.kind === 'after' ? place.print : '' }
          : { offset: known.offset, print: fingerprintOf(known.frame) };
      this.#awaited = awaited;
      return awaited.offset;
    }
    if (place.kind === 'from') {
      this.#awaited = { offset: place.offset, print: place.print, isUnsettled: true };
      this.#floor = place.offset;
      return place.offset;
    }
    if (place.kind === 'first') return 'first';
    if (place.kind === 'since') return timestamp(place.ms);
    return this.#begin();
  }

  /** Judges a received message; in the order of offsets within a session. */
  compare(offset: number, frame: Frame): Verdict {
    const awaited = this.#awaited;
    if (awaited === undefined) return this.#unlessBelow(offset, this.#floor, frame);
    if (offset < awaited.offset) return 'seen';
    this.#awaited = undefined;
    if (offset > awaited.offset) {
      const last = awaited.isUnsettled === true ? awaited.offset - 1 : awaited.offset;
      if (offset > last + 1) this.#lost(last + 1, offset);
      return this.#unlessBelow(offset, 0, frame);
    }
    if (awaited.print !== undefined && awaited.print !== fingerprintOf(frame)) return 'replaced';
    return awaited.isUnsettled === true ? this.#unlessBelow(offset, 0, frame) : 'seen';
  }

  /** The stream was replaced: it is read from its beginning, under other ids. */
  restart(why: string): void {
    const { generation } = this.#kept;
    this.#handed = undefined;
    this.#unsaved = undefined;
    this.#order = new SettledPrefix();
    this.#keep({ kind: 'first' }, generation + 1);
    this.#context.report({
      kind: 'loss',
      code: 'STREAM_REPLACED',
      text: `stream ${this.#queue} is another one than before: ${why}; what the old one still held is lost, the new one is read from its beginning`,
    });
  }

  /** The engine has received the delivery. */
  handed(arrival: QueueDelivery): void {
    this.#handed = arrival;
    this.#order.push(arrival);
  }

  /** To be called when a delivery was settled. */
  settled(): void {
    const last = this.#order.advance();
    if (last === undefined) return;
    this.#unsaved = last;
    this.#timer ??= setTimeout(() => this.save(), SAVE_MS);
  }

  /** Saves the settled position. */
  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const last = this.#unsaved;
    this.#unsaved = undefined;
    if (last !== undefined) this.#keep({ kind: 'after', offset: last.offset, print: fingerprintOf(last.frame) });
  }

  #begin(): unknown {
    const start = this.#start;
    if (start === 'first') return 'first';
    if (typeof start === 'object') {
      if ('time' in start) return timestamp(Date.parse(start.time));
      this.#floor = start.offset;
      return start.offset;
    }
    // A second session with `next` would leave out the messages written until then.
    this.#keep({ kind: 'since', ms: Date.now() });
    return start;
  }

  #unlessBelow(offset: number, floor: number, frame: Frame): Verdict {
    if (offset < floor) return 'seen';
    const { kind } = this.#kept.place;
    if (kind !== 'after' && kind !== 'from') this.#keep({ kind: 'from', offset, print: fingerprintOf(frame) });
    return 'new';
  }

  #lost(from: number, to: number): void {
    this.#context.report({
      kind: 'loss',
      code: 'POSITION_LOST',
      text: `stream ${this.#queue} begins at offset ${to} now, and the route had read up to ${from}: its retention cut off ${to - from} messages that were not read`,
      messages: to - from,
    });
  }

  #keep(place: Place, generation = this.#kept.generation): void {
    this.#kept = { queue: this.#queue, generation, place };
    try {
      writePlace(this.#context.checkpoint, this.#kept);
    } catch (thrown) {
      // The next change saves again; until then a restart repeats more.
      this.#context.report({ kind: 'problem', error: asSluiceError(thrown, 'STATE_UNUSABLE') });
    }
  }
}

function timestamp(ms: number): unknown {
  return { '!': 'timestamp', value: Math.floor(ms / 1000) };
}
