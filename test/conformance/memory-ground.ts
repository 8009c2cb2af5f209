import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { memory } from '../../runtime/buses/memory/index.ts';
import type { Promises } from './conformance-law.ts';
import type { Ground, Path } from './ground.ts';

const ANY = { connection: { hub: '' }, end: { addresses: [], address: '' } };

export const MEMORY_PROMISES: Promises = { source: memory.sourceGuarantees(ANY), sink: memory.sinkGuarantees(ANY) };

/** A hub of its own, which forgets nothing while it is down. */
export function memoryGround(): Promise<Ground> {
  const connection = { hub: randomUUID() };
  const hub = memoryHub(connection.hub);
  const path: Path = {
    cut: () => Promise.resolve(hub.down()),
    mend: () => Promise.resolve(hub.up()),
  };
  return Promise.resolve({
    ...MEMORY_PROMISES,
    sourcePath: path,
    sinkPath: path,
    address: (name) => `law/${name}`,
    openSource: (context) => memory.openSource({ connection, end: { addresses: ['law/#'] } }, context),
    openSink: (context) => memory.openSink({ connection, end: { address: '' } }, context),
    kill: path.cut,
    async restart() {
      // A server takes its time, and what is sent meanwhile fails.
      await sleep(20);
      hub.up();
    },
    sendDeadlineMs: 2000,
    patienceMs: 5000,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}
