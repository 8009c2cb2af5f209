import { asSluiceError } from '#contract/errors.ts';
import type { ProcessedId, ProcessedIds } from '#contract/processed-ids.ts';
import type { InFlight } from '../in-flight.ts';
import type { Observers } from '../route-parts.ts';
import { untilDurable } from '../until-durable.ts';

/** An id that must be durable before its message is settled. */
export interface IdToSave {
  readonly ids: ProcessedIds;
  readonly entry: ProcessedId;
  readonly inFlight: InFlight;
  /** Called once it is durable, or nobody needs it any more. Must not throw. */
  readonly done: () => void;
}

/**
 * Saves ids until they are durable. Those of one transaction share its promise, and so one reaction: a promise for each message
 * and each of its steps would cost more than the database.
 */
export class SaveIds {
  readonly #route: string;
  readonly #observers: Observers;
  #last: { readonly durable: Promise<void>; readonly saves: IdToSave[] } | undefined;

  constructor(route: string, observers: Observers) {
    this.#route = route;
    this.#observers = observers;
  }

  save(save: IdToSave): void {
    const durable = this.#add(save);
    if (this.#last?.durable === durable) {
      this.#last.saves.push(save);
      return;
    }
    const saves = [save];
    this.#last = { durable, saves };
    // Nothing joins them any more, and it would keep the messages alive.
    const close = (): void => {
      if (this.#last?.saves === saves) this.#last = undefined;
    };
    durable.then(
      () => {
        close();
        for (const { done } of saves) done();
      },
      () => {
        close();
        for (const one of saves) this.#again(one, durable);
      },
    );
  }

  #add({ ids, entry, inFlight }: IdToSave): Promise<void> {
    try {
      return ids.add(entry, inFlight.envelope.delivery);
    } catch (thrown) {
      return Promise.reject(asSluiceError(thrown));
    }
  }

  #again(save: IdToSave, first: Promise<void>): void {
    const { clock, log } = this.#observers;
    const act = {
      act: () => this.#add(save),
      isOver: () => save.inFlight.state.at === 'settled',
      failed: (thrown: unknown): undefined => {
        const { code, message } = asSluiceError(thrown, 'STATE_UNUSABLE');
        log.error('processed-id-not-saved', { route: this.#route, code, text: message });
      },
    };
    void untilDurable(clock, act, first).then(save.done);
  }
}
