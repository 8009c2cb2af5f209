import type { Validator } from '#contract/validator.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { digestOf } from './digest.ts';
import { type FieldStep, fieldStep } from './field-steps.ts';
import type { GuardSpec } from './guard-spec.ts';
import { secondValidator } from './second-validator.ts';
import { Refusal, type StepResult, type Stepped } from './step.ts';
import { readStrictly } from './strict-json.ts';

/** Longer than any message takes. The steps are not interrupted: a message that took longer does not leave. */
const LONGEST_MS = 1000;

export interface InspectionParts {
  readonly spec: GuardSpec;
  /** The compiled schemas of what comes and what leaves. */
  readonly input: Validator;
  readonly output: Validator;
  /** The schema of what leaves, for the second validator. */
  readonly outputSchema: unknown;
  readonly elapsedMs: () => number;
}

/** What the steps made of a message. `output` is there exactly if every step ran and none failed. */
export interface Inspected {
  readonly steps: readonly StepResult[];
  readonly output: { readonly bytes: Buffer; readonly value: unknown; readonly digest: string } | undefined;
  /** `STEP:CODE` of the step that failed. */
  readonly reason: string | undefined;
}

interface Step {
  readonly name: string;
  run(value: unknown): Stepped;
}

/**
 * The steps of a guard that depend on the message alone, in their one order. The same input has the same result. What leaves is written
 * anew from the typed value: no byte of the input is copied.
 */
export class Inspection {
  readonly #steps: readonly Step[];
  readonly #elapsedMs: () => number;

  constructor({ spec, input, output, outputSchema, elapsedMs }: InspectionParts) {
    this.#elapsedMs = elapsedMs;
    const second = secondValidator(outputSchema);
    const fields: readonly FieldStep[] = spec.steps.map(fieldStep);
    this.#steps = [
      {
        name: 'decode',
        run: (bytes) => unchanged(bytes instanceof Uint8Array ? readStrictly(bytes, spec) : refuse('no-body')),
      },
      { name: 'schema:in', run: (value) => judged(value, input) },
      ...fields,
      // Read back, so that the validators judge what leaves and not what was meant.
      { name: 'encode', run: (value) => unchanged(JSON.parse(written(value))) },
      { name: 'schema:out', run: (value) => judged(value, output) },
      {
        name: 'schema:out:second',
        run: (value) => unchanged(second(value) === undefined ? value : refuse('disagrees')),
      },
    ];
  }

  /** Never throws. */
  inspect(bytes: Uint8Array | null): Inspected {
    const steps: StepResult[] = [];
    const startedMs = this.#elapsedMs();
    let value: unknown = bytes;
    for (const step of this.#steps) {
      try {
        const stepped = step.run(value);
        if (this.#elapsedMs() - startedMs > LONGEST_MS) throw new Refusal('timeout');
        value = stepped.value;
        steps.push(
          stepped.changed === 0 ? { s: step.name, r: 'pass' } : { s: step.name, r: 'modify', n: stepped.changed },
        );
      } catch (thrown) {
        const code = thrown instanceof Refusal ? thrown.code : 'threw';
        steps.push({ s: step.name, r: 'fail', code });
        return { steps, output: undefined, reason: `${step.name}:${code}` };
      }
    }
    return this.#isComplete(steps)
      ? { steps, output: released(value), reason: undefined }
      : { steps, output: undefined, reason: 'steps:left-out' };
  }

  /** A loop is not trusted: each step must have said that the message may pass. */
  #isComplete(steps: readonly StepResult[]): boolean {
    return (
      steps.length === this.#steps.length &&
      this.#steps.every(({ name }, at) => steps[at]?.s === name && steps[at].r !== 'fail')
    );
  }
}

/** Its encoding was read back as this value, and so exists. */
function released(value: unknown): NonNullable<Inspected['output']> {
  const bytes = Buffer.from(written(value));
  return { bytes, value, digest: digestOf(bytes) };
}

function unchanged(value: unknown): Stepped {
  return { value, changed: 0 };
}

function refuse(code: string): never {
  throw new Refusal(code);
}

function judged(value: unknown, validator: Validator): Stepped {
  return unchanged(validator(value) ? value : refuse(validator.errors?.[0]?.keyword ?? 'refused'));
}

function written(value: unknown): string {
  return canonicalJson(value);
}
