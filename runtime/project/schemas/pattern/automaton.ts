import type { Program } from './program.ts';

/** A set of active steps as one state of a deterministic automaton. Made when it is first reached. */
interface State {
  /** Steps that take a character. */
  readonly takes: readonly number[];
  readonly matches: boolean;
  /** Whether it matches if the text ends here. */
  readonly matchesAtEnd: boolean;
  /** By kind of character. */
  readonly next: (State | undefined)[];
}

/** The most steps that all cached states may hold together. Beyond it the cache is cleared and built again. */
const MOST_HELD = 500_000;
const ASCII = 128;
/** Characters beyond ASCII whose kind is remembered. */
const MOST_KNOWN = 10_000;

/**
 * Tells whether a pattern without looks matches anywhere in a text, in time that grows with the text and nothing else.
 * A kind of character is the list of sets that contain it; each state and kind of character leads to one next state.
 */
export class Automaton {
  readonly #program: Program;
  readonly #asciiKinds = new Int32Array(ASCII).fill(-1);
  readonly #otherKinds = new Map<number, number>();
  readonly #kinds = new Map<string, number>();
  /** Sets that the characters of each kind belong to. */
  readonly #members: boolean[][] = [];
  #states = new Map<string, State>();
  #held = 0;
  #first: State;

  constructor(program: Program) {
    this.#program = program;
    this.#first = this.#state([program.first], true);
  }

  test(text: string): boolean {
    let state = this.#first;
    for (let at = 0; at < text.length; at += 1) {
      if (state.matches) return true;
      let codePoint = text.charCodeAt(at);
      if (codePoint >= 0xd800 && codePoint < 0xdc00) {
        codePoint = text.codePointAt(at) ?? codePoint;
        if (codePoint > 0xffff) at += 1;
      }
      const kind = codePoint < ASCII ? (this.#asciiKinds[codePoint] ?? -1) : (this.#otherKinds.get(codePoint) ?? -1);
      const known = kind < 0 ? this.#kindOf(codePoint) : kind;
      const next: State = state.next[known] ?? this.#after(state, known);
      // No step is active and none can begin: a pattern that is anchored at the start cannot match any more.
      if (next === state && next.takes.length === 0 && !next.matchesAtEnd) return next.matches;
      state = next;
    }
    return state.matches || state.matchesAtEnd;
  }

  #after(state: State, kind: number): State {
    const { steps, first } = this.#program;
    const members = this.#members[kind] ?? [];
    // A match may begin at every position.
    const seeds = [first];
    for (const index of state.takes) {
      const step = steps[index];
      if (step?.kind === 'take' && members[step.set] === true) seeds.push(step.next);
    }
    if (this.#held > MOST_HELD) {
      this.#states = new Map();
      this.#held = 0;
      this.#first = this.#state([first], true);
    }
    const next = this.#state(seeds, false);
    // A state that left the cache must not keep the others in memory.
    if (this.#states.get(keyOf(state)) === state) state.next[kind] = next;
    return next;
  }

  #state(seeds: readonly number[], isStart: boolean): State {
    const { takes, matches } = this.#reached(seeds, isStart, false);
    const made = { takes, matches, matchesAtEnd: this.#reached(seeds, isStart, true).matches, next: [] };
    const key = keyOf(made);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    this.#states.set(key, made);
    this.#held += made.takes.length + 1;
    return made;
  }

  /** Follows every step that takes nothing. */
  #reached(seeds: readonly number[], isStart: boolean, isEnd: boolean): Pick<State, 'takes' | 'matches'> {
    const { steps } = this.#program;
    const seen = new Set<number>(seeds);
    const takes: number[] = [];
    let matches = false;
    for (const index of seen) {
      const step = steps[index];
      if (step?.kind === 'take') takes.push(index);
      else if (step?.kind === 'match') matches = true;
      else if (step?.kind === 'split') for (const to of step.to) seen.add(to);
      else if (step?.kind === 'when') {
        const { kind } = step.condition;
        if ((kind === 'start' && isStart) || (kind === 'end' && isEnd)) seen.add(step.next);
      }
    }
    return { takes: takes.toSorted((a, b) => a - b), matches };
  }

  #kindOf(codePoint: number): number {
    const members = this.#program.sets.map((has) => has(codePoint));
    const key = members.map(Number).join('');
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = this.#members.push(members) - 1;
      this.#kinds.set(key, kind);
    }
    if (codePoint < ASCII) this.#asciiKinds[codePoint] = kind;
    else {
      if (this.#otherKinds.size >= MOST_KNOWN) this.#otherKinds.clear();
      this.#otherKinds.set(codePoint, kind);
    }
    return kind;
  }
}

function keyOf({ takes, matches, matchesAtEnd }: State): string {
  return `${takes.join(',')} ${Number(matches)}${Number(matchesAtEnd)}`;
}
