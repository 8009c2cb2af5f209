import { SluiceError } from '#contract/errors.ts';
import { type Message, stamped } from '#contract/message.ts';
import { Dropped, type Stage, type StageResult } from '#contract/stage.ts';
import type { Validator, Violation } from '#contract/validator.ts';
import { type AsJudged, describe, fits, invalid, placeOf } from './validate.ts';

/** A schema of the list, and the way on from it. */
export interface Version {
  readonly schema: string;
  readonly validator: Validator;
  /** The function that makes a body of a later schema; undefined where bodies go on as they are. */
  readonly upcast: Upcast | undefined;
}

export interface Upcast {
  readonly function: string;
  readonly stage: Stage;
  /** Position in the list, behind that of the version itself. */
  readonly to: number;
}

export interface VersionsSettings {
  readonly name: string;
  readonly versions: readonly Version[];
  /** Names the schema of a message; undefined: the first one counts that the body fits. */
  readonly by: { readonly text: string; evaluate(message: Message): unknown } | undefined;
  readonly asJudged: AsJudged | undefined;
  readonly stamps: boolean;
}

/** Judges each body by one of several schemas, and turns it into the last of them by the upcasts, each judged again. */
export function versionsStage(settings: VersionsSettings): Stage {
  const versions = new Versions(settings);
  return {
    name: `validate ${settings.name}`,
    run: (message, attempt) => versions.run(message, attempt),
    async close() {
      await Promise.all(settings.versions.map(async ({ upcast }) => upcast?.stage.close?.()));
    },
  };
}

class Versions {
  readonly #settings: VersionsSettings;
  /** `track.v1 or track.v2` */
  readonly #all: string;

  constructor(settings: VersionsSettings) {
    this.#settings = settings;
    this.#all = settings.versions.map(({ schema }) => schema).join(' or ');
  }

  run(message: Message, attempt: number): StageResult | Promise<StageResult> {
    const { by } = this.#settings;
    return this.#onward(message, by === undefined ? this.#first(message) : this.#named(message, by), attempt);
  }

  /** The version that the message names, and that its body fits. */
  #named(message: Message, by: NonNullable<VersionsSettings['by']>): Version {
    const name = by.evaluate(message);
    const version = this.#settings.versions.find(({ schema }) => schema === name);
    if (version === undefined) {
      const text = `expected ${by.text} to name ${this.#all}, found that it names none of them`;
      throw new SluiceError('SCHEMA_INVALID', text);
    }
    this.#assertFits(version, message.body, undefined);
    return version;
  }

  #first({ body }: Message): Version {
    const misses: Miss[] = [];
    for (const version of this.#settings.versions) {
      const { schema, validator } = version;
      if (fits(schema, validator, body, this.#settings.asJudged)) return version;
      misses.push({ schema, violations: validator.errors ?? [] });
    }
    throw fitsNone(this.#all, misses);
  }

  #assertFits({ schema, validator }: Version, body: unknown, maker: string | undefined): void {
    if (!fits(schema, validator, body, this.#settings.asJudged)) throw invalid(schema, validator.errors ?? [], maker);
  }

  /** The way of a body that fits the version. */
  #onward(message: Message, { schema, upcast }: Version, attempt: number): StageResult | Promise<StageResult> {
    if (upcast === undefined) return this.#settings.stamps ? stamped(message, schema) : message;
    const made = upcast.stage.run(message, attempt);
    return made instanceof Promise
      ? made.then((late) => this.#upcast(late, upcast, attempt))
      : this.#upcast(made, upcast, attempt);
  }

  #upcast(made: StageResult, upcast: Upcast, attempt: number): StageResult | Promise<StageResult> {
    if (made instanceof Dropped) return made;
    if (isSeveral(made)) {
      return Promise.all(made.map(async (one) => this.#upcast(one, upcast, attempt))).then(joined);
    }
    const version = this.#settings.versions[upcast.to];
    if (version === undefined || !('origin' in made)) {
      throw new SluiceError('INTERNAL', `${upcast.function} made no message of a later version`);
    }
    this.#assertFits(version, made.body, upcast.function);
    return this.#onward(made, version, attempt);
  }
}

function isSeveral(result: StageResult): result is readonly Message[] {
  return Array.isArray(result);
}

/** The results of several messages; dropped only where all of them are. */
function joined(results: readonly StageResult[]): StageResult {
  const messages = results.flatMap((result) => ('origin' in result ? [result] : Array.isArray(result) ? result : []));
  const [first] = results;
  return messages.length === 0 && first instanceof Dropped ? first : messages;
}

/** Why a body does not fit a schema. */
interface Miss {
  readonly schema: string;
  readonly violations: readonly Violation[];
}

const SHOWN = 4;

/** The failure of a body that fits none. A schema whose first violation lies deeper is nearer; of two, the later one. */
function fitsNone(all: string, misses: readonly Miss[]): SluiceError {
  const depth = ({ violations: [first] }: Miss): number => first?.instancePath.split('/').length ?? 0;
  const [nearest, ...others] = misses.toReversed().toSorted((one, other) => depth(other) - depth(one));
  const text = ({ schema, violations }: Miss): string => `${describe(violations)} (${schema})`;
  const shown = [nearest, ...others].slice(0, SHOWN).map((miss) => (miss === undefined ? '' : text(miss)));
  const more = misses.length > SHOWN ? `; and ${misses.length - SHOWN} more` : '';
  return new SluiceError('SCHEMA_INVALID', `expected a body of schema ${all}, found ${shown.join('; ')}${more}`, {
    place: { ...(nearest !== undefined && { schema: nearest.schema, ...placeOf(nearest.violations[0]) }) },
  });
}
