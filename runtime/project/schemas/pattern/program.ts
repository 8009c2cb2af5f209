import type { AST } from '@eslint-community/regexpp';

/** One step of an automaton. A step refers to the next ones by their positions. */
export type Step =
  /** Takes one character of the set at this position of the program's sets. */
  | { readonly kind: 'take'; readonly set: number; readonly next: number }
  | { readonly kind: 'split'; readonly to: readonly number[] }
  /** Takes no character; passes only where the condition holds. */
  | { readonly kind: 'when'; readonly condition: Condition; readonly next: number }
  | { readonly kind: 'match' };

export type Condition =
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'word'; readonly negate: boolean }
  | { readonly kind: 'look'; readonly look: Look; readonly negate: boolean };

/** A look-ahead or look-behind: a program that runs over the whole text once. */
export interface Look {
  readonly program: Program;
  /** `back`: from the end of the text; its program is reversed. */
  readonly direction: 'forth' | 'back';
}

/** A pattern as a nondeterministic automaton. It decides whether the pattern matches, and finds no positions. */
export interface Program {
  readonly steps: readonly Step[];
  readonly first: number;
  /** Characters are code points. */
  readonly sets: readonly ((codePoint: number) => boolean)[];
  /** Whether a condition needs the text around a position: looks and word boundaries. */
  readonly needsText: boolean;
}

/** A pattern that no automaton of bounded size can match. The message names the part of the pattern. */
export class NotLinear extends Error {
  override readonly name = 'NotLinear';
}

/** Counted repetitions are written out. Each step may cost time for each character. */
const MOST_STEPS = 2000;

/** The automaton of a pattern with flag u. Throws NotLinear. */
export function programOf(pattern: AST.Pattern): Program {
  return new Writer({ left: MOST_STEPS }).program(pattern.alternatives, 'forth');
}

class Writer {
  readonly #steps: Step[] = [];
  readonly #sets: ((codePoint: number) => boolean)[] = [];
  readonly #setsByText = new Map<string, number>();
  /** Shared by a program and its looks. */
  readonly #room: { left: number };
  #needsText = false;
  #direction: Look['direction'] = 'forth';

  constructor(room: { left: number }) {
    this.#room = room;
  }

  program(alternatives: readonly AST.Alternative[], direction: Look['direction']): Program {
    this.#direction = direction;
    const first = this.#any(alternatives, this.#add({ kind: 'match' }));
    return { steps: this.#steps, first, sets: this.#sets, needsText: this.#needsText };
  }

  #add(step: Step): number {
    this.#room.left -= 1;
    if (this.#room.left < 0)
      throw new NotLinear(`repetitions that make more than ${MOST_STEPS} steps when written out`);
    return this.#steps.push(step) - 1;
  }

  #any(alternatives: readonly AST.Alternative[], next: number): number {
    const to = alternatives.map(({ elements }) => {
      const ordered = this.#direction === 'forth' ? elements.toReversed() : elements;
      return ordered.reduce((after, element) => this.#element(element, after), next);
    });
    const [only, ...more] = to;
    return only !== undefined && more.length === 0 ? only : this.#add({ kind: 'split', to });
  }

  #element(element: AST.Element, next: number): number {
    switch (element.type) {
      case 'Character':
      case 'CharacterClass':
      case 'CharacterSet':
        return this.#add({ kind: 'take', set: this.#set(element), next });
      case 'Group':
        if (element.modifiers !== null) throw new NotLinear(`the modifiers ${element.modifiers.raw}`);
        return this.#any(element.alternatives, next);
      case 'CapturingGroup':
        return this.#any(element.alternatives, next);
      case 'Assertion':
        return this.#assertion(element, next);
      case 'Quantifier':
        return this.#repeated(element, next);
      case 'Backreference':
        throw new NotLinear(`the back-reference ${element.raw}`);
      case 'ExpressionCharacterClass':
        throw new NotLinear(element.raw);
    }
  }

  #repeated({ element, min, max }: AST.Quantifier, next: number): number {
    let entry = next;
    if (max === Infinity) {
      const loop = this.#add({ kind: 'split', to: [] });
      this.#steps[loop] = { kind: 'split', to: [this.#element(element, loop), next] };
      entry = loop;
    } else {
      for (let count = min; count < max; count += 1) {
        entry = this.#add({ kind: 'split', to: [this.#element(element, entry), next] });
      }
    }
    for (let count = 0; count < min; count += 1) entry = this.#element(element, entry);
    return entry;
  }

  #assertion(assertion: AST.Assertion, next: number): number {
    if (!('negate' in assertion)) {
      return this.#add({ kind: 'when', condition: { kind: assertion.kind }, next });
    }
    this.#needsText = true;
    const { negate } = assertion;
    if (!('alternatives' in assertion)) return this.#add({ kind: 'when', condition: { kind: 'word', negate }, next });
    // A look-ahead is matched backwards over the text: that yields its result for each position in one pass.
    const direction = assertion.kind === 'lookahead' ? 'back' : 'forth';
    const program = new Writer(this.#room).program(assertion.alternatives, direction);
    return this.#add({ kind: 'when', condition: { kind: 'look', look: { program, direction }, negate }, next });
  }

  #set(element: AST.Character | AST.CharacterClass | AST.CharacterSet): number {
    const known = this.#setsByText.get(element.raw);
    if (known !== undefined) return known;
    const set = this.#sets.push(membersOf(element)) - 1;
    this.#setsByText.set(element.raw, set);
    return set;
  }
}

/** Whether a character is in the set. The engine itself decides for one character, so no Unicode table can differ from it. */
export function membersOf(
  element: AST.Character | AST.CharacterClass | AST.CharacterSet,
): (codePoint: number) => boolean {
  if (element.type === 'Character') return (codePoint) => codePoint === element.value;
  const one = new RegExp(`^${element.raw}$`, 'u');
  return (codePoint) => one.test(String.fromCodePoint(codePoint));
}
