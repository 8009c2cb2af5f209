import { conformance } from './conformance.ts';
import { MEMORY_PROMISES, memoryGround } from './memory-ground.ts';

conformance({
  name: 'memory',
  needs: [],
  promises: MEMORY_PROMISES,
  arrange: memoryGround,
  excused: {
    'window-messages': 'the hub keeps no window: the engine reads no more than it has room for',
    'window-bytes': 'the hub keeps no window: the engine reads no more than it has room for',
    'aborted-opening': 'it opens at once: there is nothing to give up',
    silence: 'what lies in this process cannot fall silent',
  },
});
