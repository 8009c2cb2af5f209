import type { TraceOutcome } from '#contract/trace.ts';
import { NAMES } from '../attribute-names.ts';
import type { RecordedSpan } from './recorded-span.ts';

/** So many are looked through at most before those that have ended are forgotten. */
const FEW = 16;

/**
 * The spans of a message that may be open when it ends: a send without a confirmation, a stage that still runs. Without their end nobody
 * would see that the message was there when the bridge stopped.
 */
export class OpenSpans {
  #spans: RecordedSpan[] = [];
  /** Grows with those that are open: each is looked at a few times, however many there are. */
  #most = FEW;

  with(span: RecordedSpan): RecordedSpan {
    if (this.#spans.length >= this.#most) {
      this.#spans = this.#spans.filter(({ ended }) => !ended);
      this.#most = Math.max(FEW, this.#spans.length * 2);
    }
    this.#spans.push(span);
    return span;
  }

  /** `outcome`: of the message. They say it, for nothing else says how they ended. */
  end(outcome: TraceOutcome): void {
    for (const span of this.#spans) {
      if (span.ended) continue;
      span.put(NAMES.outcome, outcome);
      span.end();
    }
    this.#spans = [];
  }
}
