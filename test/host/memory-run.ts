import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { Log, LogFields } from '#contract/log.ts';
import type { Delivery } from '#contract/delivery.ts';
import { ACCEPT } from '#contract/delivery.ts';
import type { Frame } from '#contract/frame.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { loadParts } from '../../runtime/cli/load-parts.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { type RunningPipeline, type RunSettings, startPipeline } from '../../runtime/host/pipeline.ts';
import { openDeadLetterAdmin } from '../../runtime/store/dead-letters/admin.ts';
import { patient } from '../harness/patience.ts';
import { newProject, type Project } from '../harness/project.ts';

const DEADLINE_MS = 10_000;
let runs = 0;

/** A line of the log of a run in this process. */
export interface SaidLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** One route from the hub's `in/#` to `out/...` through stages, on the memory bus, in this process. */
export interface MemoryRun extends AsyncDisposable {
  readonly project: Project;
  readonly pipeline: RunningPipeline;
  readonly said: readonly SaidLine[];
  /** Of both ends. */
  readonly hub: ReturnType<typeof memoryHub>;
  /** Publishes to `in/ADDRESS`. */
  publish(address: string, body: string | Uint8Array, more?: Partial<Frame>): Promise<void>;
  /** Reads exactly so many frames that came out, in order. */
  take(count: number): Promise<readonly Frame[]>;
  /** Waits until every message taken has ended; returns the route's numbers. */
  rest(messages: number): Promise<ReturnType<RunningPipeline['numbers']>[number]>;
  letters(): readonly Record<string, unknown>[];
  /** Requests the replay of every dead letter. */
  replay(): void;
  stop(): Promise<void>;
}

export interface MemoryRunSettings {
  readonly files?: Readonly<Record<string, string | object>>;
  readonly stages?: readonly object[];
  /** Further words of the file. */
  readonly file?: object;
  /** Further words of the connection `hub`. */
  readonly hub?: object;
  /** Further connections. */
  readonly buses?: object;
  /** Further words of the route, its source and its sink. */
  readonly route?: object;
  readonly from?: object;
  readonly to?: object;
  readonly run?: Partial<RunSettings>;
}

export async function startMemoryRun(settings: MemoryRunSettings): Promise<MemoryRun> {
  runs += 1;
  const hubName = `run-${runs}`;
  const hub = memoryHub(hubName);
  const project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      ...settings.file,
      buses: { hub: { bus: 'memory', hub: hubName, ...settings.hub }, ...settings.buses },
      routes: [
        {
          name: 'r',
          from: { bus: 'hub', addresses: ['in/#'], ...settings.from },
          ...(settings.stages !== undefined && { stages: settings.stages }),
          to: { bus: 'hub', address: 'out/{address.1}', ...settings.to },
          ...settings.route,
        },
      ],
    },
    ...settings.files,
  });
  const { result, project: folders } = readPipeline(project.path('pipelines/p.yaml'), 'run');
  assert.ok(result.spec, findingsText(result.findings));
  const { parts, findings } = await loadParts(result.named, folders, { ...result, file: 'pipelines/p.yaml' });
  assert.deepEqual(findings, [], findingsText(findings));
  const said: SaidLine[] = [];
  const stateFolder = project.path('state');
  const pipeline = await startPipeline(result.spec, {
    catalog,
    parts,
    log: collectingLog(said),
    stateFolder,
    admin: undefined,
    failFast: false,
    drainMs: 5000,
    environment: {},
    ...settings.run,
  });
  await pipeline.ready.catch(async (thrown: unknown) => {
    await pipeline.stop();
    project[Symbol.dispose]();
    throw thrown;
  });
  const out = hub.subscribe('test', ['out/#']);
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    await pipeline.stop();
  };
  return {
    project,
    hub,
    pipeline,
    said,
    async publish(address, body, more = {}) {
      await hub.publish(frameForTest(`in/${address}`, Buffer.from(body), more));
    },
    async take(count) {
      const frames: Frame[] = [];
      const signal = AbortSignal.timeout(patient(DEADLINE_MS));
      while (frames.length < count) {
        const read: readonly Delivery[] = await out.read({ messages: count - frames.length, bytes: 1e9 }, signal);
        assert.ok(read.length > 0, `${frames.length} of ${count} frames came out: ${JSON.stringify(said)}`);
        for (const delivery of read) {
          frames.push(delivery.frame);
          delivery.settle(ACCEPT);
        }
      }
      return frames;
    },
    async rest(messages) {
      const endsAt = Date.now() + patient(DEADLINE_MS);
      for (;;) {
        const [numbers] = pipeline.numbers();
        if (numbers !== undefined && numbers.accepted >= messages && numbers.held === 0) return numbers;
        assert.ok(Date.now() < endsAt, `not at rest: ${JSON.stringify({ numbers, said })}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    letters: () => readLetters(stateFolder),
    replay() {
      const admin = openDeadLetterAdmin(stateFolder);
      admin?.request({}, { name: 'q', rate: undefined, renewExpiryMs: undefined }, Date.now());
      admin?.close();
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      project[Symbol.dispose]();
    },
  };
}

/** Every dead letter in a state folder, oldest first, as its columns. */
export function readLetters(stateFolder: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(stateFolder, 'dead-letters.sqlite'), { readOnly: true });
  try {
    return database
      .prepare('SELECT * FROM dead_letters ORDER BY number')
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

function collectingLog(said: SaidLine[]): Log {
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}): void =>
      void said.push({ level, event, fields });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
