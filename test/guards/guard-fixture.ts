import { ACCEPT } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { type MemoryRun, type MemoryRunSettings, startMemoryRun } from '../host/memory-run.ts';
import { DEMO_FILE } from '../labels/demo-policy.ts';

export const PREFIX = '1;p=urn:demo:ops;c=';
export const SECRET = `${PREFIX}S;REL=GBR,USA`;

const ID = { type: 'string', maxLength: 16, pattern: '^[a-z]{1,8}-[0-9]{1,4}$' };
const TIME = { type: 'string', maxLength: 40, format: 'date-time' };

export const TRACK_HIGH = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'lat', 'lon', 't'],
  properties: {
    id: ID,
    kind: { enum: ['vessel', 'vehicle'] },
    lat: { type: 'number', minimum: -90, maximum: 90 },
    lon: { type: 'number', minimum: -180, maximum: 180 },
    t: TIME,
    source: { type: 'string', maxLength: 200 },
    sensors: { type: 'array', maxItems: 4, items: { type: 'integer', minimum: 0, maximum: 99 } },
  },
};

export const TRACK_LOW = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'lat', 'lon', 't'],
  properties: {
    id: ID,
    lat: { type: 'number', minimum: -90, maximum: 90 },
    lon: { type: 'number', minimum: -180, maximum: 180 },
    t: TIME,
  },
};

export const TRACK = {
  id: 'alpha-7',
  kind: 'vessel',
  lat: 53.54321,
  lon: 9.98765,
  t: '2026-11-28T10:15:42.123+01:00',
  source: 'SIGINT station 4',
  sensors: [4, 17],
};
/** What leaves of TRACK. */
export const COARSE = '{"id":"alpha-7","lat":53.54,"lon":9.99,"t":"2026-11-28T09:15:00Z"}';

export const GUARD = {
  accept: { max: 'S;REL=GBR,USA' },
  emit: 'U;REL=*',
  in: 'track.high',
  out: 'track.low',
  steps: [
    { decode: { maxBytes: '2KiB', maxDepth: 4 } },
    { allowFields: ['id', 'lat', 'lon', 't'] },
    { round: { fields: ['lat', 'lon'], decimals: 2 } },
    { time: { fields: ['t'], truncate: '1m' } },
  ] as readonly object[],
  key: 'id',
  audit: 'audit/g.jsonl',
};

export const FILES = {
  'schemas/ops.policy.json': DEMO_FILE,
  'schemas/track.high.json': TRACK_HIGH,
  'schemas/track.low.json': TRACK_LOW,
};

let runs = 0;

export interface GuardRun extends AsyncDisposable {
  readonly run: MemoryRun;
  publish(body: string | object, more?: Partial<Frame>): Promise<void>;
  /** What came out on the low side until now. */
  readonly low: readonly Frame[];
  readonly audit: string;
  readonly state: string;
}

/** One route with a guard, from a high hub to a low one. */
export async function startGuard(guard: object = {}, settings: MemoryRunSettings = {}): Promise<GuardRun> {
  runs += 1;
  const lowName = `guard-low-${process.pid}-${runs}`;
  const low: Frame[] = [];
  const seen = memoryHub(lowName).subscribe('test', ['#']);
  const ended = new AbortController();
  const reading = (async () => {
    while (!ended.signal.aborted) {
      for (const delivery of await seen.read({ messages: 100, bytes: 1e9 }, ended.signal)) {
        low.push(delivery.frame);
        delivery.settle(ACCEPT);
      }
    }
  })();
  const run = await startMemoryRun({
    stages: [{ guard: 'g' }],
    ...settings,
    file: { labels: 'ops', guards: { g: { ...GUARD, ...guard } }, ...settings.file },
    hub: { ceiling: 'S;REL=GBR,USA', ...settings.hub },
    buses: { low: { bus: 'memory', hub: lowName, ceiling: 'U;REL=*' }, ...settings.buses },
    to: { bus: 'low', address: 'tracks/{key}', ...settings.to },
    files: { ...FILES, ...settings.files },
  });
  const state = run.project.path('state');
  return {
    run,
    low,
    state,
    audit: `${state}/audit/g.jsonl`,
    publish: (body, more = { headers: new Map([['seclabel', [SECRET]]]) }) =>
      run.publish('a', typeof body === 'string' ? body : JSON.stringify(body), more),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await reading.catch(() => {});
      await run[Symbol.asyncDispose]();
    },
  };
}
