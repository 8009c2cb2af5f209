import { LOG_LEVELS, type LogFields, type LogLevel } from '#contract/log.ts';

/** Which lines are written. */
export interface LogLevels {
  admits(level: LogLevel, event: string, fields: LogFields): boolean;
  /** Whether any line of level `debug` is. */
  readonly hasDebug: boolean;
}

/** The parts of a pipeline that can have a level of their own. */
export interface LogParts {
  /** Kinds of buses: `kafka`. */
  readonly kinds: readonly string[];
  /** The kind of each connection of the pipeline file. */
  readonly connections: ReadonlyMap<string, string>;
  readonly routes: readonly string[];
}

interface Rule {
  readonly least: number;
  readonly matches: (event: string, fields: LogFields) => boolean;
}

/** The part of what functions log. Its lines are events of this name. */
const FUNCTIONS = 'functions';
const FUNCTION_EVENT = 'function';
const OFF = LOG_LEVELS.length;
const WORDS = [...LOG_LEVELS, 'off'].join(', ');

export const USUAL_LEVELS: LogLevels = { admits: (level) => level !== 'debug', hasDebug: false };

/**
 * Reads `SLUICE_LOG`: levels, separated by commas. `warn` is for all, `PART=LEVEL` for one part; the last that matches a line counts.
 * Returns what is wrong with the text where it is no such list.
 */
export function readLogLevels(text: string, parts: LogParts): LogLevels | { readonly problem: string } {
  const general: Rule[] = [];
  const special: Rule[] = [];
  for (const item of text.split(',').map((one) => one.trim())) {
    if (item === '') continue;
    const at = item.indexOf('=');
    const least = leastOf(at < 0 ? item : item.slice(at + 1));
    if (least === undefined) return { problem: `expected a level (${WORDS}), found ${quoted(item)}` };
    if (at < 0) general.push({ least, matches: () => true });
    else {
      const matches = matcherOf(item.slice(0, at), parts);
      if (typeof matches === 'string') return { problem: matches };
      special.push({ least, matches });
    }
  }
  const rules = [...special.toReversed(), ...general.toReversed()];
  const usual = LOG_LEVELS.indexOf('info');
  return {
    hasDebug: rules.some(({ least }) => least === 0),
    admits(level, event, fields) {
      const rule = rules.find(({ matches }) => matches(event, fields));
      return LOG_LEVELS.indexOf(level) >= (rule?.least ?? usual);
    },
  };
}

function leastOf(word: string): number | undefined {
  if (word === 'off') return OFF;
  const at = LOG_LEVELS.findIndex((level) => level === word);
  return at < 0 ? undefined : at;
}

function matcherOf(part: string, { kinds, connections, routes }: LogParts): Rule['matches'] | string {
  const [scope, name] = part.includes(':') ? part.split(/:(.*)/s, 2) : ['', part];
  if (scope === 'route' && name !== undefined && routes.includes(name)) {
    // A further sink of a list is named behind its route: positions.2.
    return (_, { route }) => route === name || String(route).startsWith(`${name}.`);
  }
  if (scope === 'bus' && name !== undefined && connections.has(name)) return (_, { bus }) => bus === name;
  if (scope === '' && name === FUNCTIONS) return (event) => event === FUNCTION_EVENT;
  if (scope === '' && name !== undefined && kinds.includes(name)) {
    return (_, { bus }) => typeof bus === 'string' && connections.get(bus) === name;
  }
  const known = [
    ...kinds,
    FUNCTIONS,
    ...[...connections.keys()].map((connection) => `bus:${connection}`),
    ...routes.map((route) => `route:${route}`),
  ];
  return `expected a part of the pipeline (${known.join(', ')}), found ${quoted(part)}`;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
