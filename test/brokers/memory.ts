import type { Subject } from '../conformance/conformance.ts';
import { MEMORY_PROMISES, memoryFixture } from '../conformance/memory-fixture.ts';
import type { TestBus } from './test-bus.ts';

/** Conformance tests by which the hub cannot be judged; a mutant fixture fails them instead. */
export const BEYOND_THE_HUB = {
  'window-messages': 'the hub keeps no window: the engine reads no more than it has room for',
  'window-bytes': 'the hub keeps no window: the engine reads no more than it has room for',
  'aborted-opening': 'it opens at once: there is nothing to give up',
  silence: 'the hub is in this process: no connection can fall silent',
  'silent-source': 'the hub is in this process: no connection can fall silent',
  revoked: 'the hub is in this process: it checks no identity',
  'renewed-secret': 'the hub is in this process: it checks no identity',
  'two-sources': 'a group of the hub has one reader: the route in this process',
  'come-and-go': 'a group of the hub has one reader: the route in this process',
} as const;

const SUBJECT: Subject = {
  name: 'memory',
  needs: [],
  promises: MEMORY_PROMISES,
  arrange: memoryFixture,
  excused: BEYOND_THE_HUB,
};

export const MEMORY: TestBus = {
  name: 'memory',
  keepsRead: false,
  needsReader: true,
  hasHeartbeats: false,
  subjects: [SUBJECT],
  endpoints: undefined,
};
