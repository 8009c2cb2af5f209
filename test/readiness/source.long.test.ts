import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { serverTest } from '../harness/server-test.ts';
import { probe } from './probe.ts';
import { READ_ENDS, type ReadEnd } from './sources.ts';

const OUT = { bus: 'memory', hub: 'out' };
const TO = { bus: 'out', address: 'x' };

interface Fault {
  readonly name: string;
  begin(end: ReadEnd): void | Promise<void>;
  over(end: ReadEnd): void | Promise<void>;
  /** Whether the server takes a message meanwhile. */
  readonly takes: boolean;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a server that is stopped',
    begin: ({ server }) => server.pause(),
    over: ({ server }) => server.resume(),
    takes: false,
  },
  { name: 'a link that is cut', begin: ({ link }) => link.cut(), over: ({ link }) => link.mend(), takes: true },
  {
    name: 'a link that is silent',
    begin: ({ link }) => link.blackhole(),
    over: ({ link }) => link.mend(),
    takes: true,
  },
  {
    name: 'a link on which the server cannot be heard',
    begin: ({ link }) => link.blackhole('down'),
    over: ({ link }) => link.mend(),
    takes: true,
  },
  {
    name: 'a server that answers only heartbeats',
    begin: ({ link }) => link.heartbeatsOnly(),
    over: ({ link }) => link.mend(),
    takes: true,
  },
];

// Most of it is waiting.
void describe('readiness of a source', { concurrency: 4 }, () => {
  for (const { name, needs, start } of READ_ENDS) {
    serverTest(
      `${name}: within 35 s readiness tells of ${FAULTS.map((fault) => fault.name).join(', ')}, and of its end`,
      { needs, timeoutMs: 420_000 },
      async () => {
        await using end = await start();
        await using bridge = await probe({ ...end.buses, out: OUT }, end.from, TO);
        let published = 0;
        const publish = async (): Promise<void> => {
          await end.publish();
          published += 1;
        };
        await publish();
        await bridge.delivered(published);
        for (const fault of FAULTS) {
          await fault.begin(end);
          if (fault.takes) await (end.keeps ? publish() : end.publish());
          await bridge.red('source', /disconnected from read: \S|BUS_UNREACHABLE \S/);
          await fault.over(end);
          await bridge.green();
          await publish();
          await bridge.delivered(published);
          assert.ok(await bridge.isReady(), `ready after ${fault.name}`);
        }
        const { text } = await bridge.bridge.ask('/metrics');
        assert.match(
          text,
          /^sluice_disconnects_total\{.*sluice_end="source",sluice_cause="renewed"\} [1-9]/m,
          'what was given up is counted',
        );
      },
    );
  }
});
