import { SluiceError } from '../../runtime/contract/errors.ts';
import { withBody } from '../../runtime/contract/message.ts';
import { Dropped, type Stage } from '../../runtime/contract/stage.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Chances of each call, 0 to 1. */
interface Moods {
  readonly throws: number;
  readonly waits: number;
  readonly drops?: number;
}

/** A function that now answers at once and now later, now throws and now drops. */
export function flakyStage(clock: VirtualClock, { throws, waits, drops = 0 }: Moods): Stage {
  return {
    name: 'function flaky',
    run(message) {
      const mood = clock.random();
      const act = () => {
        if (mood < throws) throw new SluiceError('TRANSFORM_THREW', 'flaky');
        if (mood > 1 - drops) return new Dropped('flaky');
        return withBody(message, message.body);
      };
      return clock.random() < waits ? clock.sleep(clock.pick(50)).then(act) : act();
    },
  };
}
