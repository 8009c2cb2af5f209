import type { DeadLetterAdmin } from './admin.ts';
import type { LetterFilter } from './filter.ts';

/** What of a route decides whether its letters can be sent again. */
export interface ReplayedRoute {
  readonly name: string;
  /** The lifetime of its messages; undefined where they do not expire by the file. */
  readonly expiresMs: number | undefined;
}

/** Why letters could not be sent again: routes that are gone, or so many that would expire at once. */
export type ReplayObstacle =
  | { readonly kind: 'unknown-routes'; readonly routes: readonly string[] }
  | { readonly kind: 'expired'; readonly count: number };

/** Looks before anything is requested: a replay that cannot succeed would only add to the attempts of its letters. */
export function replayObstacle(
  deadLetters: Pick<DeadLetterAdmin, 'routes' | 'expired'>,
  filter: LetterFilter,
  routes: readonly ReplayedRoute[],
  renewExpiryMs: number | undefined,
): ReplayObstacle | undefined {
  const unknown = deadLetters.routes(filter).filter((route) => !routes.some(({ name }) => name === route));
  if (unknown.length > 0) return { kind: 'unknown-routes', routes: unknown };
  if (renewExpiryMs !== undefined) return undefined;
  const lives = new Map(
    routes.flatMap(({ name, expiresMs }) => (expiresMs === undefined ? [] : [[name, expiresMs] as const])),
  );
  const count = deadLetters.expired(filter, lives, Date.now());
  return count > 0 ? { kind: 'expired', count } : undefined;
}
