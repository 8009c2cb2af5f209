import type { SluiceError } from '#contract/errors.ts';
import { isLabelCode } from '#contract/label-rules.ts';

/** What the spans of a stage say of it. */
interface StageDescription {
  readonly spanName: string;
  readonly kind: string;
  /** Of a stage that is one. */
  readonly guard: string | undefined;
}

/** `name`: as in `Stage.name`, the verb first. */
function describeStage(name: string): StageDescription {
  const [kind = '', ...rest] = name.split(' ');
  const guard = kind === 'guard' ? rest.join(' ') : undefined;
  return { spanName: guard === undefined ? `stage ${name}` : name, kind, guard };
}

/** The result of a guard, as its span names it. */
export function guardOutcome(failure: SluiceError | undefined): string {
  if (failure === undefined) return 'release';
  return isLabelCode(failure.code) ? 'reject' : 'error';
}

/** By the name of the stage: to take it apart for each message would cost more than its span. */
export class StageDescriptions {
  readonly #known = new Map<string, StageDescription>();

  of(name: string): StageDescription {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const described = describeStage(name);
    this.#known.set(name, described);
    return described;
  }
}
