/** From here on a double does not hold every integer: 2^53. */
export const FIRST_UNSAFE = Number.MAX_SAFE_INTEGER + 1;

/** Turning digits into a bigint takes more than time in proportion to them: longer integers are refused. */
export const MOST_DIGITS = 1000;

const WHOLE = /^-?\d+$/;
const WITH_EXPONENT = /e/i;
/** Before the exponent. */
const SOME_DIGIT = /^[^eE]*[1-9]/;

/** Written without fraction and exponent. `-0` is not whole: no bigint equals it. */
export function isWhole(text: string): boolean {
  return WHOLE.test(text) && text !== '-0';
}

/**
 * Whether a double may stand for the number that was written so. Law: an integer must be written again as the same
 * number; one with a fraction or an exponent is a measurement, of which the nearest double will do, unless there is none
 * near it (overflow, underflow) or it differs before the point.
 */
export function isHeld(text: string, value: number): boolean {
  if (value === 0) return !SOME_DIGIT.test(text);
  if (!Number.isFinite(value)) return false;
  if (Math.abs(value) < FIRST_UNSAFE || WITH_EXPONENT.test(text)) return true;
  return BigInt(text.split('.', 1)[0] ?? '') === asWritten(value);
}

/** The integer that JSON writes for a double beyond 2^53. It is not always the double's own value: 2^60 is written ...847000. */
function asWritten(value: number): bigint {
  const [digits = '', exponent] = String(value).split('e+');
  if (exponent === undefined) return BigInt(digits);
  const [whole = '', fraction = ''] = digits.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
}

/** The number texts beneath one place of a body, and the places beneath it, by name or index. */
export type NumberTexts = Map<string | number, NumberTexts | string>;

/** The objects and lists around a number, outermost first: the name or index of the next step, and the place once there is one. */
export type NumberPath = readonly { readonly step: string | number; place: NumberTexts | undefined }[];

/**
 * How the numbers of one body that are no bigints were written. A double keeps its text wherever a function puts it; where two
 * texts are one double, or the double is zero or infinite and so nothing of the number, only at its own place.
 */
export class Decimals {
  readonly #texts = new Map<number, string | undefined>();
  #whole: NumberTexts | string | undefined;

  /** The texts at the root of the body. Undefined if each number is written as its double is. */
  get whole(): NumberTexts | string | undefined {
    return this.#whole;
  }

  add(value: number, text: string, path: NumberPath): void {
    if (value !== 0 && Number.isFinite(value)) {
      this.#texts.set(value, this.#texts.has(value) && this.#texts.get(value) !== text ? undefined : text);
    }
    if (String(value) === text) return;
    const holder = path.at(-1);
    if (holder === undefined) this.#whole = text;
    else this.#placeOf(path).set(holder.step, text);
  }

  /** `at`: the texts at the number's place. */
  textOf(value: number, at: NumberTexts | string | undefined): string | undefined {
    return typeof at === 'string' && Object.is(Number(at), value) ? at : this.#texts.get(value);
  }

  /** The place of the innermost holder. Each holder gets its place once, with those around it: a path may be long, and numbers many. */
  #placeOf(path: NumberPath): NumberTexts {
    const first = path.findLastIndex(({ place }) => place !== undefined);
    let place = path[first]?.place ?? new Map<string | number, NumberTexts | string>();
    if (first === -1) this.#whole = place;
    for (let depth = first + 1; depth < path.length; depth += 1) {
      const [outer, holder] = [path[depth - 1], path[depth]];
      if (outer !== undefined) {
        const made: NumberTexts = new Map();
        place.set(outer.step, made);
        place = made;
      }
      if (holder !== undefined) holder.place = place;
    }
    return place;
  }
}
