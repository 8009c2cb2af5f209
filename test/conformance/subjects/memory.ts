import type { Subject } from '../conformance.ts';
import { MEMORY_PROMISES, memoryGround } from '../memory-ground.ts';

/** Laws of which the hub cannot be judged; what they stand for is planted as a ground that fails them. */
export const BEYOND_THE_HUB = {
  'window-messages': 'the hub keeps no window: the engine reads no more than it has room for',
  'window-bytes': 'the hub keeps no window: the engine reads no more than it has room for',
  'aborted-opening': 'it opens at once: there is nothing to give up',
  silence: 'what lies in this process cannot fall silent',
  'silent-source': 'what lies in this process cannot fall silent',
  revoked: 'who is in this process is let in',
  'renewed-secret': 'who is in this process is let in',
  'two-sources': 'a group of the hub has one reader: the route in this process',
  'come-and-go': 'a group of the hub has one reader: the route in this process',
} as const;

export const MEMORY: Subject = {
  name: 'memory',
  needs: [],
  promises: MEMORY_PROMISES,
  arrange: memoryGround,
  excused: BEYOND_THE_HUB,
};
