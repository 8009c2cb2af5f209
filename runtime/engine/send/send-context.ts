import type { History } from '../history/history.ts';
import type { End, InFlight } from '../in-flight.ts';
import type { Route } from '../route-parts.ts';

/** Takes the end of a message at one sink. */
export type Report = (inFlight: InFlight, end: End) => void;

/** What the frames and messages on their way to a sink share. */
export interface SendContext {
  readonly route: Route;
  readonly history: History;
  /** The place of the sink among those of the route. */
  readonly sink: number;
  readonly report: Report;
  /** Called with the failure when a sink stops confirming; with undefined when it confirms again. */
  readonly onFlow: (sink: number, failure: string | undefined) => void;
}
