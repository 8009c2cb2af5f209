import { waitFor } from '../../harness/wait-for.ts';
import type { ConformanceTest } from '../conformance-test.ts';
import { openSink, openSource } from '../ends.ts';
import { hasAll, numbered, textOf } from '../frame-of.ts';
import { demand } from '../fixture.ts';
import { sendAll } from '../send-all.ts';

const COUNT = 100;

const full: ConformanceTest = {
  name: 'full',
  sentence:
    'while the server has no more room sends fail visibly as its own fault, none vanishes, and all pass when there is room',
  async judge(fixture) {
    const fill = demand(fixture.fill, 'server that can be full');
    const relieve = demand(fixture.relieve, 'server that can have room again');
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const frames = numbered(fixture, COUNT);
    await sendAll(fixture, writer.sink, frames.slice(0, COUNT / 2));
    const seen = new Set<string>();
    const readAll = (count: number): Promise<unknown> =>
      reader.readUntil((read) => {
        for (const { frame } of read) seen.add(textOf(frame));
        return hasAll(frames.slice(0, count).map(textOf), seen);
      });
    await readAll(COUNT / 2);
    await fill();
    const from = writer.recorded.events.length;
    let failures = 0;
    const sending = sendAll(fixture, writer.sink, frames.slice(COUNT / 2), { onFailure: () => (failures += 1) });
    // Heard below; what it says first must not leave it unheard.
    sending.catch(() => {});
    // Either makes the route unready: a send that failed by the bus's fault, or what the sink says of its connection.
    const isVisible = (): boolean =>
      failures > 0 ||
      writer.recorded.events.slice(from).some(({ kind }) => kind === 'problem' || kind === 'disconnected');
    await waitFor(isVisible, fixture.patienceMs, 'the sink to show that the server is full');
    await relieve();
    await sending;
    await readAll(COUNT);
  },
};

export const FULLNESS: readonly ConformanceTest[] = [full];
