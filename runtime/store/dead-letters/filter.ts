/** Selects letters; all given conditions must hold. */
export interface LetterFilter {
  readonly routes?: readonly string[] | undefined;
  readonly codes?: readonly string[] | undefined;
  /** The route's key, or where there is none the frame's. */
  readonly keys?: readonly string[] | undefined;
  /** Of the last death, in milliseconds since 1970 (UTC). */
  readonly sinceMs?: number | undefined;
  /** Exclusive. */
  readonly untilMs?: number | undefined;
  readonly numbers?: readonly number[] | undefined;
  /** Of a lower number: the next page. */
  readonly below?: number | undefined;
  /** The message's id, as in logs and templates, or as its publisher set it. */
  readonly messageIds?: readonly string[] | undefined;
}

/** The condition and its values, for a statement on dead_letters. */
export interface LetterCondition {
  readonly sql: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Each list is one JSON parameter: a statement takes a bounded number of parameters, and an operator may name any number of values. */
export function conditionOf(filter: LetterFilter): LetterCondition {
  const parts: string[] = [];
  const values: Record<string, string | number> = {};
  const among = (column: string, name: string, list: readonly (string | number)[] | undefined): void => {
    if (list === undefined) return;
    parts.push(`${column} IN (SELECT value FROM json_each(:${name}))`);
    values[name] = JSON.stringify(list);
  };
  among('dead_letters.route', 'routes', filter.routes);
  among('code', 'codes', filter.codes);
  among('coalesce(route_key, key)', 'keys', filter.keys);
  among('number', 'numbers', filter.numbers);
  if (filter.messageIds !== undefined) {
    const ids = '(SELECT value FROM json_each(:ids))';
    parts.push(`(id IN ${ids} OR publisher_id IN ${ids})`);
    values['ids'] = JSON.stringify(filter.messageIds);
  }
  if (filter.below !== undefined) {
    parts.push('number < :below');
    values['below'] = filter.below;
  }
  if (filter.sinceMs !== undefined) {
    parts.push('died_at_ms >= :since');
    values['since'] = filter.sinceMs;
  }
  if (filter.untilMs !== undefined) {
    parts.push('died_at_ms < :until');
    values['until'] = filter.untilMs;
  }
  return { sql: parts.length === 0 ? 'true' : parts.join(' AND '), values };
}
