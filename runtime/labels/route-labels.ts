import type { Clearance } from './clearance.ts';
import { SluiceError } from '#contract/errors.ts';
import type { ExpressionLabel } from '#contract/expression.ts';
import type { Frame } from '#contract/frame.ts';
import type { Ceiling, LabelRules } from '#contract/label-rules.ts';
import type { Label } from '#contract/message.ts';
import { bindingFault } from './binding.ts';
import type { BindingKey } from './binding-key.ts';
import { LabelError } from './label-error.ts';
import { type AnyLabel, EVERYONE, type LabelValue, TOP, valuesOf } from './label-value.ts';
import { dominates, join } from './lattice.ts';
import { statedLabel } from './stated-label.ts';
import type { LabelReader } from './wire-label.ts';

/** A hot path has few labels; a flood of them must not fill the memory. */
const MOST_REMEMBERED = 256;

/** The range of labels that a source may carry. */
export interface SourceRange {
  /** Name of its connection. */
  readonly name: string;
  readonly ceiling: LabelValue;
  readonly floor: LabelValue | undefined;
  /** Taken for a frame without a label; undefined: such a frame is refused. */
  readonly assumed: LabelValue | undefined;
  /** Undefined: bindings are not looked at. */
  readonly binding: SourceBinding | undefined;
}

/** How the bindings of a source are verified. */
export interface SourceBinding {
  /** Whether a message without one is refused. */
  readonly required: boolean;
  /** By key id. */
  readonly keys: ReadonlyMap<string, BindingKey>;
}

/** What an operator must hear of. */
export interface LabelReports {
  /** A join has a label that nobody may read: most likely data of partners that share nothing was joined. */
  emptyAudience(label: Label): void;
  /** A function raised a label; both are ids of classifications. */
  raised(from: string, to: string): void;
  /** A message without a label got the one that the file assumes. */
  assumed(): void;
}

/** The rules of one route by its policy. Labels are interned: a known text costs a lookup. */
export class RouteLabels implements LabelRules {
  readonly #told: Clearance;
  readonly #reader: LabelReader;
  readonly #source: SourceRange;
  readonly #reports: LabelReports;
  readonly #inRange = new Set<Label>();

  constructor(reader: LabelReader, source: SourceRange, reports: LabelReports, told: Clearance) {
    this.#reader = reader;
    this.#told = told;
    this.#source = source;
    this.#reports = reports;
  }

  mayBeTold(label: Label): boolean {
    return this.#told.allows({ label });
  }

  labelOf(frame: Frame, atMs: number): Label {
    const label = this.#stated(frame, atMs);
    if (label !== undefined) return label.text;
    const assumed = this.#assumed(frame);
    this.#reports.assumed();
    return assumed.text;
  }

  admits(frame: Frame, atMs: number): boolean {
    try {
      const label = this.#stated(frame, atMs) ?? this.#assumed(frame);
      return this.outOfRange(label.text) === undefined;
    } catch {
      return false;
    }
  }

  #stated(frame: Frame, atMs: number): LabelValue | undefined {
    const stated = statedLabel(frame);
    const { binding } = this.#source;
    const unbound = binding && bindingRefusal(frame, stated, binding, atMs);
    const label = stated === undefined ? undefined : this.#read(stated);
    if (unbound !== undefined) throw unbound;
    return label;
  }

  #assumed({ contentType }: Frame): LabelValue {
    const { assumed } = this.#source;
    if (assumed === undefined) throw refusal('LABEL_MISSING', 'a header seclabel', 'none');
    // Its label is in its body, where the next reader may find another one than the assumed.
    if (contentType?.startsWith('application/cloudevents') !== true) return assumed;
    throw refusal('LABEL_CONFLICT', 'cloudevents: structured in from, to read the label of an event', 'an event');
  }

  outOfRange(text: Label): SluiceError | undefined {
    if (this.#inRange.has(text)) return undefined;
    const { name, ceiling, floor } = this.#source;
    const label = this.#read(text);
    if (!dominates(ceiling, label)) {
      const expected = `a label that ${name} may hold, at most ${shortOf(ceiling)}`;
      return refusal('LABEL_ABOVE_SOURCE', expected, shortOf(label), name);
    }
    if (floor === undefined || dominates(label, floor)) {
      remember(this.#inRange, text);
      return undefined;
    }
    const expected = `a label of at least ${shortOf(floor)}, the floor of ${name}`;
    return refusal('LABEL_BELOW_SOURCE', expected, shortOf(label), name);
  }

  joined(labels: readonly Label[]): Label {
    const all = labels.map((label) => this.#read(label));
    return this.#written(
      all.reduce<AnyLabel | undefined>((one, label) => (one === undefined ? label : join(one, label)), undefined),
    );
  }

  seen(text: Label): ExpressionLabel {
    const label = this.#read(text);
    return {
      class: label.classification.id,
      has(tag, value) {
        const its = valuesOf(label, tag);
        return its === EVERYONE || its.includes(value);
      },
    };
  }

  raised(label: Label, by: string): Label {
    const before = this.#read(label);
    const after = join(
      before,
      this.#parsed(() => anyForm(this.#reader, by)),
    );
    const text = this.#written(after);
    if (text !== label) this.#reports.raised(before.classification.id, this.#read(text).classification.id);
    return text;
  }

  #written(label: AnyLabel | undefined): Label {
    // One policy has no TOP: its labels always have a join.
    if (label === undefined || label === TOP) throw new SluiceError('INTERNAL', 'a join of labels has no label');
    if (hasNoReader(label)) this.#reports.emptyAudience(label.text);
    return label.text;
  }

  #read(text: Label): LabelValue {
    return this.#parsed(() => this.#reader.read(text).label);
  }

  #parsed(read: () => LabelValue): LabelValue {
    try {
      return read();
    } catch (thrown) {
      if (thrown instanceof LabelError) throw refusal(thrown.code, thrown.expected, thrown.found);
      throw thrown;
    }
  }
}

/** What the bus of a connection may hold. */
export class BusCeiling implements Ceiling {
  readonly #reader: LabelReader;
  readonly #name: string;
  readonly #ceiling: LabelValue;
  readonly #accepted = new Set<Label>();

  constructor(reader: LabelReader, name: string, ceiling: LabelValue) {
    this.#reader = reader;
    this.#name = name;
    this.#ceiling = ceiling;
  }

  refusal(text: Label): SluiceError | undefined {
    if (this.#accepted.has(text)) return undefined;
    const expected = `a label that ${this.#name} may hold, at most ${shortOf(this.#ceiling)}`;
    try {
      const { label } = this.#reader.read(text);
      if (!dominates(this.#ceiling, label)) return refusal('LABEL_DENIED', expected, shortOf(label), this.#name);
      remember(this.#accepted, text);
      return undefined;
    } catch (thrown) {
      // Fails closed: what is no label of the policy is above every ceiling.
      if (!(thrown instanceof LabelError)) throw thrown;
      return refusal('LABEL_DENIED', expected, 'one that the policy does not have', this.#name);
    }
  }
}

/** A label in the pipeline file or of a function: complete, or without its policy. Throws LabelError. */
export function anyForm(reader: LabelReader, text: string): LabelValue {
  return text.startsWith('1;') ? reader.read(text).label : reader.readShort(text);
}

/** As the pipeline file writes it, without the policy. */
export function shortOf(label: LabelValue): string {
  return label.text.slice(label.text.indexOf(';c=') + ';c='.length);
}

function bindingRefusal(
  frame: Frame,
  label: Label | undefined,
  { required, keys }: SourceBinding,
  atMs: number,
): SluiceError | undefined {
  const values = frame.headers.get('seclabelsig') ?? [];
  const [text] = values;
  if (text === undefined) return required ? refusal('LABEL_SIG_MISSING', 'a header seclabelsig', 'none') : undefined;
  if (label === undefined) return refusal('LABEL_SIG_MISMATCH', 'a binding of this label', 'one without a label');
  const isText = (frame.headerTypes?.get('seclabelsig')?.[0] ?? 'text') === 'text';
  if (values.length > 1 || !isText) return refusal('LABEL_SIG_INVALID', 'one header seclabelsig, a text', 'another');
  const { body, contentType, id } = frame;
  return bindingFault(text, { label, body, contentType, id }, keys, Math.floor(atMs / 1000));
}

function remember(labels: Set<Label>, label: Label): void {
  if (labels.size >= MOST_REMEMBERED) labels.clear();
  labels.add(label);
}

function hasNoReader({ policy, values }: LabelValue): boolean {
  return policy.categories.some(({ type }, at) => {
    const its = values[at] ?? [];
    return type === 'permissive' && its !== EVERYONE && its.length === 0;
  });
}

function refusal(code: SluiceError['code'], expected: string, found: string, bus?: string): SluiceError {
  const place = { stage: 'label', ...(bus !== undefined && { bus }) };
  return new SluiceError(code, `expected ${expected}, found ${found}`, { place });
}
