import { type Bound, boundOf, exceeds } from './bounds.ts';
import type { Task } from './worker.ts';

type Maker = Task['maker'];

/** What is compared: a line of the report for each figure. */
interface Row<Figure> {
  readonly figure: Figure;
  readonly unit: string;
  readonly digits: number;
}

/** The lines of one case. */
interface Comparison<Figure extends string> {
  readonly title: string;
  /** The bus of the sink: some bounds hold for some sinks. */
  readonly sink: string | undefined;
  readonly rows: readonly Row<Figure>[];
  /** The column that compares the makers. */
  readonly by: Bound['of'];
  /** Of each round; undefined where this machine cannot measure a figure. */
  readonly results: Readonly<Record<Maker, readonly Readonly<Record<Figure, number | undefined>>[]>>;
  /** Prints the figures of each round below the line. */
  readonly each: boolean;
}

export interface Report {
  readonly text: string;
  /** Whether any bound was exceeded. */
  readonly isOver: boolean;
}

const WIDTH = 9;
/** The machine cannot measure it. */
const UNKNOWN = 'unknown';
/** The maker did not run. */
const NONE = '-';

/** The medians of one case, both makers beside each other. */
export function reportOf<Figure extends string>(comparison: Comparison<Figure>): Report {
  const { title, sink, rows, by, results, each } = comparison;
  const unitWidth = Math.max(...rows.map(({ unit }) => unit.length));
  const line = (first: string, cells: readonly string[]): string =>
    `  ${first.padEnd(unitWidth)}${cells.map((cell) => cell.padStart(WIDTH)).join('')}`;
  const lines = [title, `${line('', ['hand', 'sluice', by])}  bound`];
  let isOver = false;
  for (const { figure, unit, digits } of rows) {
    const of = (maker: Maker): readonly number[] =>
      results[maker].map((one) => one[figure]).filter((value) => value !== undefined);
    const [hand, sluice] = [middle(of('hand')), middle(of('sluice'))];
    const show = (value: number): string => (Number.isNaN(value) ? UNKNOWN : value.toFixed(digits));
    const cell = (maker: Maker, value: number): string => (results[maker].length === 0 ? NONE : show(value));
    const compared = by === 'ratio' ? sluice / hand : sluice - hand;
    const bound = Number.isNaN(compared) ? undefined : boundOf(figure, sink);
    const over = bound !== undefined && exceeds(compared, sluice, bound);
    if (over) isOver = true;
    const cells = [cell('hand', hand), cell('sluice', sluice), Number.isNaN(compared) ? '' : compared.toFixed(2)];
    lines.push(`${line(unit, cells)}  ${boundText(bound)}${over ? '  EXCEEDED' : ''}`.trimEnd());
    if (each) {
      const ran = (['hand', 'sluice'] as const).filter((maker) => results[maker].length > 0);
      for (const maker of ran) lines.push(`    ${maker}: ${of(maker).map(show).join(' ')}`);
    }
  }
  return { text: `${lines.join('\n')}\n`, isOver };
}

function boundText(bound: Bound | undefined): string {
  if (bound === undefined) return '';
  return bound.least === undefined ? `<= ${bound.most?.toFixed(2)}` : `>= ${bound.least.toFixed(2)}`;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
