import { ACCEPT, type Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import type { LogPart, LogPlace } from '#contract/log-replay.ts';
import type { Demand, Source } from '#contract/source.ts';
import type { SourceLag } from '#contract/source-lag.ts';
import { pause } from '#kit/deadline.ts';
import type { ReplayPace } from './replay-pace.ts';
import type { ReplayProgress } from './replay-progress.ts';

/** After so long without a message, the source looks whether any waits. */
const QUIET_MS = 500;

export interface ReplayReading {
  readonly progress: ReplayProgress;
  readonly placeOf: (id: string) => LogPlace | undefined;
  /** The position behind the last settled message, where the source saves it itself. */
  readonly settledTo: () => number | undefined;
  readonly pace: ReplayPace | undefined;
  readonly renewExpiryMs: number | undefined;
  readonly nowMs: () => number;
}

/** A log that is read from the beginning of a range to its end. Behind the end it lends nothing more. */
export class ReplaySource implements Source {
  readonly #source: Source;
  readonly #reading: ReplayReading;

  constructor(source: Source, reading: ReplayReading) {
    this.#source = source;
    this.#reading = reading;
  }

  async read(demand: Demand, signal: AbortSignal): Promise<readonly Delivery[]> {
    const { progress, pace } = this.#reading;
    while (!signal.aborted) {
      if (progress.isRead) {
        await aborted(signal);
        break;
      }
      const room = pace?.room ?? demand.messages;
      if (room === 0) {
        await pause(pace?.waitMs ?? 0, signal);
        continue;
      }
      const quiet = AbortSignal.timeout(QUIET_MS);
      const messages = Math.min(room, demand.messages);
      const read = await this.#source.read({ ...demand, messages }, AbortSignal.any([signal, quiet]));
      const within = read.filter((delivery) => this.#isWithin(delivery));
      pace?.read(within.length);
      if (within.length > 0) return within.map((delivery) => this.#lent(delivery));
      if (read.length === 0 && !signal.aborted) await this.#lookAtEnd();
    }
    return [];
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  #isWithin(delivery: Delivery): boolean {
    const { placeOf, progress } = this.#reading;
    const place = placeOf(delivery.id);
    const standing = place === undefined ? 'elsewhere' : progress.take(place);
    if (standing === 'elsewhere') {
      const text = `the log that the range was looked up in is gone, another one is there: ${delivery.id}`;
      throw new SluiceError('BUS_MISSING', text);
    }
    if (standing === 'outside') delivery.settle(ACCEPT);
    return standing === 'within';
  }

  /** `attempt` is not passed on: "stored already" of a sink is no fault of the ids then, and the message keeps its id. */
  #lent(delivery: Delivery): Delivery {
    const { progress, renewExpiryMs, nowMs } = this.#reading;
    const { id, isIdUnsure, isNumberedHere, lane, fault, shared } = delivery;
    const { frame } = delivery;
    return {
      id,
      frame: renewExpiryMs === undefined ? frame : { ...frame, expiresAtMs: nowMs() + renewExpiryMs },
      attempt: undefined,
      ...(isIdUnsure !== undefined && { isIdUnsure }),
      ...(isNumberedHere !== undefined && { isNumberedHere }),
      ...(lane !== undefined && { lane }),
      ...(fault !== undefined && { fault }),
      ...(shared !== undefined && { shared }),
      settle(outcome) {
        delivery.settle(outcome);
        // A released one is not done: a later start reads it again.
        if (outcome.kind !== 'release') progress.settled();
      },
    };
  }

  /**
   * The last messages of the range may be gone (deleted, compacted, a marker of a transaction), or were settled by an earlier process: then
   * no delivery shows the end. Nothing is unsettled here, so what the bus says of the rest is exact.
   */
  async #lookAtEnd(): Promise<void> {
    const { progress, settledTo } = this.#reading;
    if (!progress.isIdle) return;
    const settled = settledTo();
    const lags = settled === undefined ? await this.#source.lag?.().catch(() => []) : undefined;
    for (const part of progress.open) {
      if (settled === undefined ? isEmpty(part, lags) : settled >= part.end) progress.end(part.name);
    }
  }
}

function isEmpty({ name }: LogPart, lags: readonly SourceLag[] = []): boolean {
  const own = lags.find(({ destination, partition }) =>
    partition === undefined ? name.startsWith(`${destination}@`) : name === `${destination}/${partition}`,
  );
  return own?.messages === 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
