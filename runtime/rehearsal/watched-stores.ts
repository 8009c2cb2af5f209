import type { Surroundings } from '../host/pipeline.ts';
import type { Activity } from './activity.ts';
import { type Life, never, type Probe } from './steps.ts';

export interface StoreWatch {
  readonly life: Life;
  readonly probe: Probe;
  readonly activity: Activity;
}

/** The stores of a route, whose writes are steps at which a process can be killed, and are waited for. */
export function watchedStores({ life, probe, activity }: StoreWatch): Surroundings['stores'] {
  return ({ deadLetters, processedIds }) => ({
    deadLetters: {
      ...deadLetters,
      async record(letter) {
        const { route, coordinates: id } = letter;
        if (life.isOver) return never();
        probe({ step: 'before its dead letter', route, id });
        if (isOver(life)) return never();
        const number = await activity.pending('the dead letters', deadLetters.record(letter));
        if (isOver(life)) return never();
        probe({ step: 'its dead letter is durable', route, id });
        return isOver(life) ? never() : number;
      },
    },
    processedIds(owner, bounds) {
      const ids = processedIds(owner, bounds);
      return {
        addedAtMs: (id) => ids.addedAtMs(id),
        sequences: () => ids.sequences(),
        add(entry, delivery) {
          if (life.isOver) return never();
          probe({ step: 'before its id is recorded', route: owner, id: entry.id });
          if (isOver(life)) return never();
          const durable = activity.pending('the processed ids', ids.add(entry, delivery));
          // Registered before the engine's own continuation. The promise is the same: writes of one transaction share it.
          durable.then(
            () => life.isOver || probe({ step: 'its id is recorded', route: owner, id: entry.id }),
            () => {},
          );
          return durable;
        },
      };
    },
  });
}

/** The probe may have ended it. */
function isOver(life: Life): boolean {
  return life.isOver;
}
