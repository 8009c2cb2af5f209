import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { memory } from '../../runtime/buses/memory/index.ts';
import type { Promises } from './conformance-test.ts';
import { frameForTest } from '../harness/test-frame.ts';
import type { Fixture, Path, Refusal } from './fixture.ts';

const ANY = { connection: { hub: '' }, end: { addresses: [], address: '' } };

export const MEMORY_PROMISES: Promises = { source: memory.sourceGuarantees(ANY), sink: memory.sinkGuarantees(ANY) };

const REFUSED = {
  'test/too-large': 'SINK_TOO_LARGE',
  'test/denied': 'SINK_DENIED',
  'test/unroutable': 'SINK_REFUSED',
  'test/rejected': 'SINK_REFUSED',
} as const satisfies Record<`test/${Refusal['kind']}`, ErrorCode>;

function refusal(kind: Refusal['kind']): Refusal {
  const address = `test/${kind}` as const;
  return { kind, by: 'server', code: REFUSED[address], frame: () => frameForTest(address, 'x') };
}

/** A hub of its own, which forgets nothing while it is down. */
export function memoryFixture(): Promise<Fixture> {
  const connection = { hub: randomUUID() };
  const hub = memoryHub(connection.hub);
  const path: Path = {
    cut: () => Promise.resolve(hub.down()),
    mend: () => Promise.resolve(hub.up()),
    delayMs: (ms) => hub.slow(ms),
  };
  let isFull = false;
  const refused = new Map<string, ErrorCode>(Object.entries(REFUSED));
  hub.reject(({ address }: Frame) => {
    if (isFull) return new SluiceError('SINK_DOWN', 'the hub is full');
    const code = refused.get(address);
    return code === undefined ? undefined : new SluiceError(code, 'the hub refuses it');
  });
  return Promise.resolve({
    ...MEMORY_PROMISES,
    grammar: memory.grammar,
    sourcePath: path,
    sinkPath: path,
    address: (name) => `test/${name}`,
    openSource: (context) => memory.openSource({ connection, end: { addresses: ['test/#'] } }, context),
    openSink: (context) => memory.openSink({ connection, end: { address: '' } }, context),
    kill: path.cut,
    async restart() {
      // A server takes its time, and what is sent meanwhile fails.
      await sleep(20);
      hub.up();
    },
    pause: () => hub.down(),
    resume: () => hub.up(),
    refusals: [refusal('too-large'), refusal('denied'), refusal('unroutable'), refusal('rejected')],
    fill: () => Promise.resolve(void (isFull = true)),
    relieve: () => Promise.resolve(void (isFull = false)),
    sendDeadlineMs: 2000,
    patienceMs: 5000,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}
