import type { Condition, Look, Program } from './program.ts';

/** Whether a condition holds before the character at a position, or at the end of the text. */
type Holds = (condition: Condition, place: number) => boolean;

/**
 * Tells whether a pattern with looks or word boundaries matches anywhere in a text. Each look is run over the whole text
 * once, so the time grows with the text, times the steps of the pattern.
 */
export function testWithLooks(program: Program, text: string): boolean {
  const characters = Int32Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const tables = new Map<Look, Uint8Array>();
  const holds: Holds = (condition, place) => {
    switch (condition.kind) {
      case 'start':
        return place === 0;
      case 'end':
        return place === characters.length;
      case 'word':
        return (isWord(characters[place - 1]) !== isWord(characters[place])) !== condition.negate;
      case 'look': {
        let table = tables.get(condition.look);
        if (table === undefined) {
          table = tableOf(condition.look, characters, holds);
          tables.set(condition.look, table);
        }
        return (table[place] === 1) !== condition.negate;
      }
    }
  };
  let found = false;
  walk(program, characters, 'forth', holds, () => (found = true));
  return found;
}

/** 1 at each position where the look matches. */
function tableOf({ program, direction }: Look, characters: Int32Array, holds: Holds): Uint8Array {
  const table = new Uint8Array(characters.length + 1);
  walk(program, characters, direction, holds, (place) => {
    table[place] = 1;
    return false;
  });
  return table;
}

/** Runs a program over the text, started at every position, until `onMatch` returns true. */
function walk(
  { steps, first, sets }: Program,
  characters: Int32Array,
  direction: Look['direction'],
  holds: Holds,
  onMatch: (place: number) => boolean,
): void {
  const isForth = direction === 'forth';
  const last = isForth ? characters.length : 0;
  let seeds: number[] = [];
  for (let place = isForth ? 0 : characters.length; ; place += isForth ? 1 : -1) {
    const seen = new Set([...seeds, first]);
    seeds = [];
    const codePoint = place === last ? undefined : characters[isForth ? place : place - 1];
    let matches = false;
    for (const index of seen) {
      const step = steps[index];
      if (step?.kind === 'match') matches = true;
      else if (step?.kind === 'split') for (const to of step.to) seen.add(to);
      else if (step?.kind === 'when') {
        if (holds(step.condition, place)) seen.add(step.next);
      } else if (step?.kind === 'take' && codePoint !== undefined && sets[step.set]?.(codePoint) === true) {
        seeds.push(step.next);
      }
    }
    if ((matches && onMatch(place)) || place === last) return;
  }
}

function isWord(codePoint: number | undefined): boolean {
  return codePoint !== undefined && codePoint < 128 && /\w/.test(String.fromCodePoint(codePoint));
}
