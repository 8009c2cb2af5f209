import type { History } from '../history/history.ts';
import type { End, InFlight } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';

/** Takes the end of a message at one sink. */
export type Report = (inFlight: InFlight, end: End) => void;

/** What the frames and messages on their way to a sink share. */
export interface Sending {
  readonly route: Route;
  readonly history: History;
  readonly report: Report;
}
