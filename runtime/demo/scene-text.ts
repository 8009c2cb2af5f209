import type { Tally } from './dead-letter-tally.ts';

/** The figures of one route so far. */
export interface RouteFigures {
  readonly route: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly expired: number;
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

const COLUMNS = ['accepted', 'delivered', 'expired', 'deadLettered', 'held'] as const;
const HEADINGS: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  accepted: 'accepted',
  delivered: 'delivered',
  expired: 'expired',
  deadLettered: 'dead letters',
  held: 'held',
};

/** Of a column: the whole board fits into 80 characters. */
const WIDTH = 13;

/** The scene as lines, for a terminal of this width. */
export function drawScene({ title, routes, tallies, latest }: Scene, width: number): readonly string[] {
  const heading = `${'route'.padEnd(12)}${COLUMNS.map((column) => HEADINGS[column].padStart(WIDTH)).join('')}`;
  const rows = routes.map(
    (route) => `${route.route.padEnd(12)}${COLUMNS.map((column) => String(route[column]).padStart(WIDTH)).join('')}`,
  );
  const letters = tallies.map(({ code, count, example }) => `  ${String(count).padStart(5)}  ${code}: ${example}`);
  return [
    title,
    '',
    heading,
    ...rows,
    '',
    `newest track: ${latest ?? 'none yet'}`,
    ...(letters.length === 0 ? [] : ['', 'dead letters, by cause:', ...letters]),
  ].map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line));
}

/** One line for a log: numbers only. */
export function sceneLine({ routes }: Scene): string {
  return routes
    .map(
      ({ route, accepted, delivered, expired, deadLettered, held }) =>
        `${route}: accepted ${accepted}, delivered ${delivered}, expired ${expired}, dead letters ${deadLettered}, held ${held}`,
    )
    .join(' | ');
}
