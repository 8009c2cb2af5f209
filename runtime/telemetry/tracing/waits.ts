import type { Wait } from '#contract/trace.ts';
import { WAITS } from '../attribute-names.ts';
import type { RecordedSpan } from './recorded-span.ts';

/** A shorter wait is not worth an event. */
const EVENT_S = 0.001;

/** Adds up what a message waits for, so that a slow trace explains itself. */
export class Waits {
  readonly #seconds = new Map<keyof typeof WAITS, number>();
  #open: { readonly what: Wait; readonly sinceMs: number } | undefined;

  begin(what: Wait): void {
    this.#open = { what, sinceMs: performance.now() };
  }

  /** Ends the open wait, if there is one, with an event of the span. Returns its seconds. */
  end(span: RecordedSpan): number {
    const open = this.#open;
    if (open === undefined) return 0;
    this.#open = undefined;
    const seconds = (performance.now() - open.sinceMs) / 1000;
    this.add(span, open.what, seconds);
    return seconds;
  }

  add(span: RecordedSpan, what: keyof typeof WAITS, seconds: number): void {
    this.#seconds.set(what, (this.#seconds.get(what) ?? 0) + seconds);
    if (seconds >= EVENT_S) span.addEvent('wait', { [WAITS[what]]: seconds });
  }

  /** The sum of each, as attributes of the span. */
  write(span: RecordedSpan): void {
    for (const [what, seconds] of this.#seconds) span.put(WAITS[what], seconds);
  }
}
