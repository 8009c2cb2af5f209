import type { Codec } from '#contract/codec.ts';
import type { Expression } from '#contract/expression.ts';
import type { Delivery } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import type { Message } from '#contract/message.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Clearance } from '../labels/clearance.ts';
import { readBody } from '../ends/shown-body.ts';
import type { ShownMessage } from '../ends/shown-message.ts';

/** What decides whether and how a message is shown. */
export interface TailRules {
  readonly codecOf: (contentType: string | undefined) => Pick<Codec, 'name' | 'decode'>;
  /** What the route takes for the key; undefined where it has none, or the message lacks it. */
  readonly keyOf: (frame: Frame, body: unknown) => string | undefined;
  readonly filter: Expression | undefined;
  readonly clearance: Clearance;
}

/** What was read so far. */
export interface TailCounts {
  read: number;
  shown: number;
  /** Above the clearance. */
  hidden: number;
  /** The filter found something else than it reads. */
  unfiltered: number;
}

/** Reads deliveries into what is shown of them. */
export class TailReader {
  readonly counts: TailCounts = { read: 0, shown: 0, hidden: 0, unfiltered: 0 };
  readonly #rules: TailRules;

  constructor(rules: TailRules) {
    this.#rules = rules;
  }

  /** Undefined where it is not shown. */
  read({ id, frame, isRetained = false }: Delivery): ShownMessage | undefined {
    const { clearance, codecOf, keyOf } = this.#rules;
    this.counts.read += 1;
    const labels = frame.headers.get('seclabel');
    // Several labels are none: the next reader of the message could read another one.
    const label = labels?.length === 1 ? labels[0] : undefined;
    if (!clearance.allows({ label })) {
      this.counts.hidden += 1;
      return undefined;
    }
    const { shown, value } = readBody(frame.body, codecOf(frame.contentType));
    const key = frame.key ?? keyOf(frame, value);
    const { address, headers } = frame;
    if (!this.#takes({ id, address, key, label, headers, body: value, origin: frame })) return undefined;
    this.counts.shown += 1;
    return { frame, key, isRetained, arrivedAtMs: Date.now(), body: shown };
  }

  #takes(message: Message): boolean {
    const { filter } = this.#rules;
    if (filter === undefined) return true;
    try {
      return filter.evaluate(message) === true;
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      this.counts.unfiltered += 1;
      return false;
    }
  }
}
