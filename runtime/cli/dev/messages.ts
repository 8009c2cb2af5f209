import type { DeadLetter } from '#contract/dead-letter.ts';
import type { Frame } from '#contract/frame.ts';
import type { Message } from '#contract/message.ts';
import type { Received } from '#contract/rehearsed.ts';
import { harmless } from '#kit/printable.ts';
import type { StandIns } from '../../rehearsal/stand-ins.ts';
import type { StoredFrame } from '../../rehearsal/stand-in-log.ts';
import type { Moment } from '../../rehearsal/steps.ts';
import type { ObserveStage } from '../../rehearsal/watched-stages.ts';
import { rootOf, StageNotes, type TrialEnd, type TrialMessage } from '../../rehearsal/trial/trial-run.ts';
import { messageText, type Paint } from '../../rehearsal/trial/trial-text.ts';
import type { RouteNumbers } from '../../telemetry/route-numbers.ts';

export interface MessageSettings {
  /** Name of the pipeline. */
  readonly pipeline: string;
  readonly numbers: () => readonly RouteNumbers[];
  readonly paint: Paint;
  readonly write: (text: string) => void;
  /** A repetition with the same result is not worth a line. */
  readonly isQuiet: boolean;
}

interface Begun {
  readonly from: string;
  readonly route: string;
  address: string;
}

/** Most frames that are kept of what never ends. */
const MOST_STORED = 10_000;
const SILENT_ENDS = ['superseded', 'expired', 'repeated'] as const satisfies readonly TrialEnd[];

/** Writes what becomes of each message: in full where the result is new, in one line where it is that of the time before. */
export class Messages {
  readonly #settings: MessageSettings;
  readonly #begun = new Map<string, Begun>();
  readonly #byFrame = new WeakMap<Frame, string>();
  readonly #aliases = new Map<string, string>();
  readonly #letters = new Map<string, DeadLetter>();
  /** The last result of each line, as text. */
  readonly #results = new Map<string, string>();
  readonly #counts = new Map<string, Readonly<Record<(typeof SILENT_ENDS)[number], number>>>();
  readonly #notes = new StageNotes((message) => ({ id: this.#idOf(message), isShown: true }));
  #standIns: StandIns | undefined;

  constructor(settings: MessageSettings) {
    this.#settings = settings;
  }

  readonly observe: ObserveStage = (...call) => this.#notes.observe(...call);

  /** The buses whose messages are told from now on. */
  of(standIns: StandIns): void {
    this.#standIns = standIns;
    this.#begun.clear();
    this.#counts.clear();
  }

  /** A message of the feed. `id`: of its delivery. `from`: its line. */
  sent(route: string, id: string, from: string, frame: Frame): void {
    const whole = this.#whole(route, id);
    this.#begun.set(whole, { from, route, address: frame.address });
    this.#byFrame.set(frame, whole);
  }

  died(letter: DeadLetter): void {
    this.#letters.set(this.#whole(letter.route, letter.coordinates), letter);
  }

  /** Called at each step of each message. */
  step({ step, route, id }: Moment): void {
    if (step !== 'read' && step !== 'settled') return;
    const whole = this.#whole(route, id);
    const begun = this.#begun.get(whole);
    if (begun === undefined) this.#begun.set(whole, { from: 'from a route', route, address: '' });
    else if (step === 'settled') this.#ended(whole, begun);
  }

  #whole(route: string, id: string): string {
    return `${this.#settings.pipeline}/${route}/${id}`;
  }

  /** Ids that a template makes do not tell what a message was made of. */
  #idOf({ id, origin, address }: Message): string {
    const root = rootOf(id);
    const whole = this.#byFrame.get(origin) ?? root;
    if (root !== whole) this.#aliases.set(root, whole);
    const begun = this.#begun.get(whole);
    if (begun?.address === '') begun.address = address;
    return whole;
  }

  #ended(id: string, begun: Begun): void {
    const { from, route, address } = begun;
    const stages = this.#notes.steps(id);
    const letter = this.#letters.get(id);
    const arrived = this.#arrivals(id);
    const dropped = stages.findLast(({ note }) => note?.startsWith('dropped: ') === true)?.note?.slice(9);
    const sent = arrived.filter(({ isLetter }) => !isLetter).map(received);
    const isLetter = letter !== undefined || arrived.length > sent.length;
    const message: TrialMessage = {
      line: 0,
      route,
      address,
      key: sent[0]?.key ?? letter?.key,
      label: sent[0]?.label,
      stages,
      end:
        sent.length > 0
          ? 'delivered'
          : isLetter
            ? 'dead letter'
            : dropped === undefined
              ? this.#silentEnd(route)
              : 'dropped',
      reason: letter === undefined ? dropped : `${letter.failure.code}: ${letter.failure.message}`,
      sent,
    };
    this.#forget(id);
    this.#show(message, from, arrived);
  }

  #show(message: TrialMessage, from: string, arrived: readonly StoredFrame[]): void {
    const { paint, write, isQuiet } = this.#settings;
    const { route, address, stages, end, reason, sent } = message;
    const bodies = arrived.map(({ frame: { body } }) => (body === null ? null : Buffer.from(body).toString('base64')));
    const steps = stages.map(({ stage, changes, note }) => ({ stage, changes, note }));
    const result = JSON.stringify([steps, end, reason, sent, bodies]);
    const place = `${from} ${route} ${address}`;
    const isSame = this.#results.get(place) === result;
    if (!isSame && this.#results.size < MOST_STORED) this.#results.set(place, result);
    if (!isSame) return write(messageText(message, paint, from));
    if (isQuiet) return;
    const to = sent.map((one) => `${one.address} at ${one.sink}`).join(', ');
    const what = sent.length === 0 ? end : `-> ${to}`;
    write(`${paint('dim', `${harmless(`${from}  ${route}  ${what}`)}  as before`)}\n`);
  }

  #forget(id: string): void {
    this.#begun.delete(id);
    this.#letters.delete(id);
    this.#notes.forget(id);
    if (this.#aliases.size > MOST_STORED) this.#aliases.clear();
  }

  /** The frames that the message has become, which are forgotten here. */
  #arrivals(id: string): readonly StoredFrame[] {
    const found: StoredFrame[] = [];
    for (const { log } of this.#standIns?.all ?? []) {
      const left = log.stored.filter((one) => {
        const root = rootOf(one.frame.id ?? '');
        const isOwn = root === id || this.#aliases.get(root) === id;
        if (isOwn) found.push(one);
        return !isOwn;
      });
      log.stored.splice(0, log.stored.length, ...left.slice(-MOST_STORED));
    }
    return found.toSorted((one, other) => one.order - other.order);
  }

  /** The end that the route counts, and that is seen nowhere else. */
  #silentEnd(route: string): TrialEnd {
    const numbers = this.#settings.numbers().find((one) => one.route === route);
    if (numbers === undefined) return 'lost';
    const before = this.#counts.get(route);
    this.#counts.set(route, { superseded: numbers.superseded, expired: numbers.expired, repeated: numbers.repeated });
    return SILENT_ENDS.find((end) => numbers[end] > (before?.[end] ?? 0)) ?? 'dropped';
  }
}

function received({ frame, sink, route }: StoredFrame): Received {
  const { address, key, headers, contentType } = frame;
  return {
    sink,
    route,
    body: undefined,
    address,
    key,
    headers: Object.fromEntries(
      [...headers].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
    ),
    label: headers.get('seclabel')?.[0],
    id: undefined,
    contentType,
    afterMs: 0,
  };
}
