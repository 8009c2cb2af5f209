import type { Comparison, Difference, Compatibility } from '../project/schemas/evolution/compare.ts';
import { type Arguments, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const DIRECTIONS = ['backward', 'forward'] as const;
type Direction = (typeof DIRECTIONS)[number];

const MEANING: Readonly<Record<Direction, string>> = {
  backward: 'new reads what was written with old',
  forward: 'old reads what is written with new',
};
const ANSWERS: Readonly<Record<Compatibility['answer'], string>> = {
  yes: 'compatible',
  no: 'incompatible',
  unknown: 'cannot tell',
};
const NOTHING = 'says nothing of it';
const LONGEST_EXAMPLE = 300;

/** The directions that `--compatibility` demands. Throws UsageError for another word. */
export function demanded({ values }: Arguments): readonly Direction[] {
  const { compatibility = 'backward' } = values;
  if (compatibility === 'full') return DIRECTIONS;
  const direction = DIRECTIONS.find((one) => one === compatibility);
  if (direction === undefined)
    throw new UsageError(`expected --compatibility backward, forward or full, found ${String(compatibility)}`);
  return [direction];
}

export function exitOf(comparison: Comparison, directions: readonly Direction[]): ExitCode {
  const answers = directions.map((direction) => comparison[direction].answer);
  if (answers.includes('no')) return EXIT.incompatible;
  return answers.includes('unknown') ? EXIT.undecided : EXIT.fine;
}

/** One line for each direction, with its differences below. */
export function comparisonText(comparison: Comparison, directions: readonly Direction[]): string {
  return directions
    .map((direction) => {
      const { answer, differences } = comparison[direction];
      return `${direction} (${MEANING[direction]}): ${ANSWERS[answer]}\n${differences.map((one) => differenceText(one, direction)).join('')}`;
    })
    .join('');
}

function differenceText(
  { at, rule, keyword, writer, reader, unknown, example }: Difference,
  direction: Direction,
): string {
  const [older, newer] = direction === 'backward' ? [writer, reader] : [reader, writer];
  const lines = [`  ${at || '/'}  ${rule}`, `    old ${older || NOTHING}`, `    new ${newer || NOTHING}`];
  if (example === undefined)
    lines.push(`    cannot tell, because of ${keyword}: ${unknown ?? 'no document was found that shows it'}`);
  else lines.push(`    refused: ${shown(example)}`);
  return `${lines.join('\n')}\n`;
}

function shown(example: unknown): string {
  const text = JSON.stringify(example);
  return text.length <= LONGEST_EXAMPLE ? text : `${text.slice(0, LONGEST_EXAMPLE)}... (--json shows all of it)`;
}
