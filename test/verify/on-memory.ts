import { randomUUID } from 'node:crypto';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { ACCEPT } from '../../runtime/contract/delivery.ts';
import { startVerification, type VerifySettings } from '../../runtime/verify/verification.ts';
import type { Report } from '../../runtime/verify/verdicts.ts';
import type { Way } from './broken-bridge.ts';
import { endsOf } from './ends-of.ts';

const ROOM = { messages: 100, bytes: 1_000_000 };

const ORDINARY: VerifySettings = {
  catalog,
  log: { info() {}, warn() {}, error() {} },
  trafficClass: 'event',
  ratePerSecond: 1000,
  count: 400,
  lastsMs: Infinity,
  keys: 4,
  sizeBytes: 200,
  body: {},
  labels: ['S;REL=A', 'C'],
  expiresMs: undefined,
  slackMs: 200,
  quietMs: 300,
  wedgedMs: 2000,
  markPlace: 'body',
  allowed: new Set(),
  deadLetters: () => undefined,
  signal: new AbortController().signal,
  onProblem: () => {},
};

/** Messages of each key under the ordinary settings. */
export const PER_KEY = 100;

/** Runs a check against a bridge between two hubs of this process. */
export async function verifyOnMemory(way: Way, settings: Partial<VerifySettings> = {}): Promise<Report> {
  const [near, far] = [`near-${randomUUID()}`, `far-${randomUUID()}`];
  using _ = bridge(near, far, way);
  const ends = endsOf({
    name: 'planted',
    buses: { near: { bus: 'memory', hub: near }, far: { bus: 'memory', hub: far } },
    in: { bus: 'near', address: 'in/{key}' },
    out: { bus: 'far', addresses: ['out/#'] },
  });
  const verification = await startVerification(ends, { ...ORDINARY, ...settings });
  // Awaited: the bridge lives until then.
  return await verification.report;
}

function bridge(near: string, far: string, way: Way): Disposable {
  const subscription = memoryHub(near).subscribe('bridge', ['in/#']);
  const hub = memoryHub(far);
  const stop = new AbortController();
  void (async () => {
    while (!stop.signal.aborted) {
      for (const delivery of await subscription.read(ROOM, stop.signal)) {
        const { frame } = delivery;
        way(frame, (load) => {
          // Without an id: the hub would remove what comes twice.
          void hub.publish({ ...frame, ...load, id: undefined, address: `out/${frame.address.slice(3)}` });
        });
        delivery.settle(ACCEPT);
      }
    }
  })();
  return { [Symbol.dispose]: () => stop.abort() };
}
