import { createHmac } from 'node:crypto';
import { SluiceError } from '#contract/errors.ts';
import type { Headers } from '#contract/frame.ts';
import type { Label, Message } from '#contract/message.ts';
import { asMap, own } from '#kit/json-value.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import type { Approvals, Pending } from './approvals.ts';
import { digestOf } from './digest.ts';
import { type Inspected, Inspection, type InspectionParts } from './inspection.ts';
import { ReleaseRate } from './release-rate.ts';
import { Refusal, type StepResult } from './step.ts';
import { untilWritten } from './until-written.ts';

/** The labels of a guard, by the policy of the file. */
export interface GuardLabels {
  /** Complete, in canonical form. */
  readonly emit: Label;
  /** Whether the guard takes messages of this label. */
  accepts(label: Label): boolean;
}

/** The audit file. Rejects with GUARD_AUDIT while it cannot be written. */
export interface GuardAudit {
  append(record: Readonly<Record<string, unknown>> & { readonly kind: string }): Promise<void>;
}

export interface GuardParts extends InspectionParts {
  readonly pipeline: string;
  readonly labels: GuardLabels;
  /** Id and version of the label policy, and the hash of all rules of the guard. */
  readonly policy: { readonly label: string; readonly guard: string };
  /** Secret of the guard. */
  readonly idKey: Uint8Array;
  readonly audit: GuardAudit;
  /** Undefined where no message needs approval. */
  readonly approvals: Approvals | undefined;
  /** The audit file, or what waits for approval, cannot be written; undefined: it can again. */
  readonly onAudit: (trouble: SluiceError | undefined) => void;
}

/** Where the input of a guard comes from. */
export interface GuardPlace {
  readonly route: string;
  /** Whether the bytes of a source frame of this content type are what comes: no stage has changed them, and they are a text. */
  isAsItCame(contentType: string | undefined): boolean;
}

/**
 * Releases messages to a lower label, or refuses them: never anything between. The record of a decision is durable before the
 * decision has an effect. Concurrent.
 */
export class Guard {
  readonly #parts: GuardParts;
  readonly #inspection: Inspection;
  readonly #rate: ReleaseRate | undefined;
  #isOver = false;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#inspection = new Inspection(parts);
    const { rate } = parts.spec;
    this.#rate = rate && new ReleaseRate(rate, parts.elapsedMs);
  }

  get name(): string {
    return this.#parts.spec.name;
  }

  /** Nothing is released any more. Messages that wait go back to their source. */
  stop(): void {
    this.#isOver = true;
  }

  /** The message that may leave. Rejects with GUARD_REJECTED or GUARD_UNAPPROVED, and with GUARD_AUDIT once it is stopped. */
  async release(message: Message, place: GuardPlace): Promise<Message> {
    const bytes = bytesOf(message, place);
    const input: Input = { bytes, digest: digestOf(bytes) };
    const { label } = message;
    const isAccepted = label !== undefined && this.#accepts(label);
    const inspected = isAccepted ? this.#inspection.inspect(bytes) : NOT_ACCEPTED;
    const { output } = inspected;
    if (label === undefined || output === undefined) return this.#refuse(message, place, input, inspected);
    if (this.#rate?.takes() === false) {
      return this.#refuse(message, place, input, failed(inspected, 'rate', 'too-many'));
    }
    const id = this.#idOf(message, input);
    const headers = this.#headersOf(message);
    const { approvals } = this.#parts;
    let approvers: readonly string[] = [];
    if (approvals?.isWanted(label) === true) {
      const asked = await this.#approved(approvals, { id, label, input, output, message, place });
      if (asked instanceof Refusal) {
        return this.#refuse(message, place, input, failed(inspected, 'approval', asked.code));
      }
      approvers = asked;
    }
    const { emit } = this.#parts.labels;
    const { spec } = this.#parts;
    await this.#record({
      ...this.#decision(message, place, input, 'release', null),
      out: { digest: output.digest, bytes: output.bytes.length, ct: JSON_TYPE, label: emit, msgid: id },
      steps: [...inspected.steps, ...this.#laterSteps(headers.dropped, approvers)],
      approvals: approvers,
    });
    const key = spec.key === undefined ? undefined : keyIn(output.value, spec.key);
    return {
      id,
      address: '',
      key,
      label: emit,
      headers: headers.kept,
      body: output.value,
      sealed: true,
      origin: {
        address: '',
        key,
        headers: headers.kept,
        headerTypes: undefined,
        body: output.bytes,
        id,
        contentType: JSON_TYPE,
        timestampMs: undefined,
        expiresAtMs: undefined,
      },
    };
  }

  #laterSteps(dropped: number, approvers: readonly string[]): readonly StepResult[] {
    const { approvals } = this.#parts;
    return [
      dropped === 0 ? { s: 'headers', r: 'pass' } : { s: 'headers', r: 'modify', n: dropped },
      ...(this.#rate === undefined ? [] : [{ s: 'rate', r: 'pass' } as const]),
      ...(approvals === undefined ? [] : [{ s: 'approval', r: 'pass', n: approvers.length } as const]),
    ];
  }

  async #approved(
    approvals: Approvals,
    { id, label, input, output, message, place }: Asked,
  ): Promise<readonly string[] | Refusal> {
    const { pipeline, policy, labels, spec } = this.#parts;
    const wanted = {
      pipeline,
      guard: spec.name,
      id,
      in: input.digest,
      out: output.digest,
      from: label,
      to: labels.emit,
      policy: policy.guard,
    };
    const { pending, isNew } = await this.#untilWritten(() => approvals.request(wanted, output.bytes.toString()));
    if (isNew) {
      const { expiresAtMs } = pending.statement;
      await this.#record({
        ...this.#decision(message, place, input, 'pending', null),
        out: { digest: output.digest, msgid: id },
        expires: new Date(expiresAtMs).toISOString(),
      });
    }
    return this.#answerTo(approvals, pending);
  }

  async #answerTo(approvals: Approvals, pending: Pending): Promise<readonly string[] | Refusal> {
    try {
      return await this.#untilWritten(async () => {
        const names = await approvals.granted(pending, () => this.#isOver);
        approvals.used(pending);
        return names;
      });
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      if (thrown.code === 'stopped')
        throw new SluiceError('GUARD_AUDIT', 'expected an approval, found that the guard stops');
      approvals.forget(pending);
      return thrown;
    }
  }

  async #refuse(message: Message, place: GuardPlace, input: Input, { steps, reason }: Inspected): Promise<never> {
    await this.#record({ ...this.#decision(message, place, input, 'reject', reason ?? null), steps });
    const isUnapproved = reason?.startsWith('approval:') === true;
    const code = isUnapproved ? 'GUARD_UNAPPROVED' : 'GUARD_REJECTED';
    throw new SluiceError(
      code,
      `expected a message that guard ${this.name} releases, found ${reason ?? 'another one'}`,
    );
  }

  #decision(message: Message, { route }: GuardPlace, input: Input, outcome: string, reason: string | null) {
    const { pipeline, policy, spec } = this.#parts;
    return {
      kind: 'guard.decision',
      pipeline,
      route,
      guard: spec.name,
      outcome,
      reason,
      // A publisher who writes half of a surrogate pair must not stop the audit file.
      src: { dest: message.address.toWellFormed(), msgid: message.id.toWellFormed() },
      in: {
        digest: input.digest,
        bytes: input.bytes.length,
        ct: message.origin.contentType?.toWellFormed() ?? null,
        label: message.label ?? null,
      },
      policy,
    };
  }

  async #record(record: Parameters<GuardAudit['append']>[0]): Promise<void> {
    await this.#untilWritten(() => this.#parts.audit.append(record));
  }

  #untilWritten<Result>(act: () => Result | Promise<Result>): Promise<Result> {
    return untilWritten(act, { isOver: () => this.#isOver, onTrouble: this.#parts.onAudit });
  }

  #accepts(label: Label): boolean {
    try {
      return this.#parts.labels.accepts(label);
    } catch {
      return false;
    }
  }

  /**
   * The same for the same message, so that a repetition after a crash is found on the low side; without the key of the guard it tells
   * nothing of what came.
   */
  #idOf(message: Message, input: Input): string {
    const { idKey, policy } = this.#parts;
    // JSON.stringify writes half of a surrogate pair as an escape: no two ids become one.
    const text = JSON.stringify([message.id, input.digest, policy.guard]);
    return createHmac('sha256', idKey).update(text).digest('hex').slice(0, 32);
  }

  #headersOf({ headers }: Message): { readonly kept: Headers; readonly dropped: number } {
    const kept = new Map<string, readonly string[]>();
    for (const [name, values] of this.#parts.spec.headers) {
      const [value, ...more] = headers.get(name) ?? [];
      if (value !== undefined && more.length === 0 && values.includes(value)) kept.set(name, [value]);
    }
    return { kept, dropped: headers.size - kept.size };
  }
}

/** What came: its records and its id have the digest. */
interface Input {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

interface Asked {
  readonly id: string;
  readonly label: Label;
  readonly input: Input;
  readonly output: NonNullable<Inspected['output']>;
  readonly message: Message;
  readonly place: GuardPlace;
}

const JSON_TYPE = 'application/json';
const NOT_ACCEPTED: Inspected = {
  steps: [{ s: 'label', r: 'fail', code: 'not-accepted' }],
  output: undefined,
  reason: 'label:not-accepted',
};

function failed({ steps }: Inspected, step: string, code: string): Inspected {
  return { steps: [...steps, { s: step, r: 'fail', code }], output: undefined, reason: `${step}:${code}` };
}

/** The bytes of the source as they came; else the body that a stage or a codec made, as JSON. */
function bytesOf({ body, origin }: Message, place: GuardPlace): Uint8Array {
  if (place.isAsItCame(origin.contentType)) return origin.body ?? new Uint8Array();
  try {
    return Buffer.from(canonicalJson(body));
  } catch {
    // What JSON cannot hold fails at decode.
    return new Uint8Array();
  }
}

function keyIn(value: unknown, path: string): string | undefined {
  const found = path.split('.').reduce<unknown>((at, name) => own(asMap(at), name), value);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}
