import type { LogFields, LogLevel } from '#contract/log.ts';

/** So many lines of one cause are written, and then their number alone until the time is over. */
const LINES = 10;
const PERIOD_MS = 10_000;
/** Causes are kinds of failures at parts of a pipeline. With more of them, the rest share one. */
const MOST_CAUSES = 256;

interface Cause {
  readonly level: LogLevel;
  readonly event: string;
  readonly place: LogFields;
  lines: number;
  more: number;
  newest: LogFields[string];
}

/**
 * Writes the first lines of a failing cause and then how many more there were, so that a flood of failures is a few lines and none is
 * uncounted. A cause is an event with its place and code, whatever message it is of.
 */
export class LogRepeats {
  readonly #write: (level: LogLevel, event: string, fields: LogFields) => void;
  readonly #causes = new Map<string, Cause>();
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (level: LogLevel, event: string, fields: LogFields) => void) {
    this.#write = write;
  }

  say(level: LogLevel, event: string, fields: LogFields): void {
    const cause = this.#causeOf(level, event, fields);
    if (cause.lines < LINES) {
      cause.lines += 1;
      this.#write(level, event, fields);
    } else {
      cause.more += 1;
      cause.newest = fields['text'];
    }
    this.#timer ??= setTimeout(() => this.flush(), PERIOD_MS).unref();
  }

  /** Writes how many lines were left out. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const causes = [...this.#causes.values()];
    this.#causes.clear();
    for (const { level, event, place, more, newest } of causes) {
      if (more === 0) continue;
      const text = `... ${more.toLocaleString('en-US')} more in the last ${PERIOD_MS / 1000} s${newest === undefined ? '' : `; the newest: ${String(newest)}`}`;
      this.#write(level, 'more', { of: event, ...place, more, text });
    }
  }

  #causeOf(level: LogLevel, event: string, { route, stage, bus, end, code, guard, cause: why }: LogFields): Cause {
    const place = { route, stage, bus, end, code, guard, cause: why };
    const isKept = this.#causes.size < MOST_CAUSES;
    const key = JSON.stringify([level, event, ...Object.values(place)]);
    const found = this.#causes.get(key) ?? (isKept ? undefined : this.#causes.get(OTHERS));
    if (found !== undefined) return found;
    const made: Cause = isKept
      ? { level, event, place, lines: 0, more: 0, newest: undefined }
      : { level: 'error', event: 'several', place: {}, lines: 0, more: 0, newest: undefined };
    this.#causes.set(isKept ? key : OTHERS, made);
    return made;
  }
}

const OTHERS = 'others';
