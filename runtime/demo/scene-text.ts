import type { Tally } from './dead-letter-tally.ts';

/** The figures of one route so far. */
export interface RouteFigures {
  readonly route: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly expired: number;
  readonly blocked: number;
  readonly deadLettered: number;
  readonly held: number;
}

/** The demo's figures at one moment. */
export interface Scene {
  readonly title: string;
  readonly routes: readonly RouteFigures[];
  readonly tallies: readonly Tally[];
  readonly latest: string | undefined;
}

const COLUMNS = ['accepted', 'delivered', 'expired', 'blocked', 'deadLettered', 'held'] as const;
const HEADINGS: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  accepted: 'accepted',
  delivered: 'delivered',
  expired: 'expired',
  blocked: 'blocked',
  deadLettered: 'dead letters',
  held: 'held',
};

/** Between columns: the whole board fits into 80 characters. */
const GAP = 2;
/** The digits that a column has room for. */
const FIGURES = 7;

/** The scene as lines, for a terminal of this width. */
export function drawScene({ title, routes, tallies, latest }: Scene, width: number): readonly string[] {
  const cell = (column: (typeof COLUMNS)[number], text: string): string =>
    text.padStart(Math.max(HEADINGS[column].length, FIGURES) + GAP);
  const heading = `${'route'.padEnd(12)}${COLUMNS.map((column) => cell(column, HEADINGS[column])).join('')}`;
  const rows = routes.map(
    (route) => `${route.route.padEnd(12)}${COLUMNS.map((column) => cell(column, String(route[column]))).join('')}`,
  );
  const letters = tallies.map(({ code, count, example }) => `  ${String(count).padStart(5)}  ${code}: ${example}`);
  return [
    title,
    '',
    heading,
    ...rows,
    '',
    `newest track: ${latest ?? 'none yet'}`,
    ...(letters.length === 0 ? [] : ['', 'blocked and dead letters, by cause:', ...letters]),
  ].map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line));
}

/** One line for a log: numbers only. */
export function sceneLine({ routes }: Scene): string {
  return routes
    .map(
      ({ route, accepted, delivered, expired, blocked, deadLettered, held }) =>
        `${route}: accepted ${accepted}, delivered ${delivered}, expired ${expired}, blocked ${blocked}, dead letters ${deadLettered}, held ${held}`,
    )
    .join(' | ');
}
