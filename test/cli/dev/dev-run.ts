import assert from 'node:assert/strict';
import type { Bus } from '#contract/bus.ts';
import type { Delivery } from '#contract/delivery.ts';
import { ACCEPT } from '#contract/delivery.ts';
import type { Log } from '#contract/log.ts';
import { memoryHub } from '../../../runtime/buses/memory/hub.ts';
import { loadVersion } from '../../../runtime/cli/dev/load-version.ts';
import { DevSession } from '../../../runtime/cli/dev/session.ts';
import { catalog } from '../../../runtime/host/catalog.ts';
import { startPipeline } from '../../../runtime/host/pipeline.ts';
import { newProject, type Project } from '../../harness/project.ts';
import { frameForTest } from '../../harness/test-frame.ts';
import { waitFor } from '../../harness/wait-for.ts';

export interface Out {
  readonly key: string;
  readonly n: number;
  readonly v: number;
  readonly [more: string]: unknown;
}

export interface DevRun extends AsyncDisposable {
  readonly project: Project;
  readonly session: DevSession;
  /** What was told, in order. */
  readonly told: readonly string[];
  /** What the ends of the routes did: openings, and everything that they reported after them. */
  readonly ends: readonly string[];
  readonly out: readonly Out[];
  publish(key: string, n: number): Promise<void>;
  /** Writes a file and has it looked at. Returns what was told. */
  save(file: string, content: string | object): Promise<string>;
  /** Waits until so many messages have come out. */
  came(count: number): Promise<readonly Out[]>;
}

let runs = 0;

export interface DevFiles {
  readonly stages: readonly object[];
  readonly files: Readonly<Record<string, string | object>>;
  readonly route?: object;
}

export function pipelineOf(hub: string, stages: readonly object[], route: object = {}): object {
  const from = { bus: 'hub', addresses: ['in'], key: '{body.key}' };
  const own = { name: 'r', class: 'event', from, stages, to: { bus: 'hub', address: 'out' }, ...route };
  return { name: 'p', buses: { hub: { bus: 'memory', hub } }, routes: [own] };
}

/** `sluice dev` on a memory bus in this process, without the check of types. */
export async function startDev({ stages, files, route }: DevFiles): Promise<DevRun & { readonly hub: string }> {
  runs += 1;
  const name = `dev-${process.pid}-${runs}`;
  const hub = memoryHub(name);
  const project = newProject({ 'pipelines/p.yaml': pipelineOf(name, stages, route), ...files });
  const file = project.path('pipelines/p.yaml');
  const told: string[] = [];
  const ends: string[] = [];
  const note = (event: string, fields: object = {}): void => {
    if (/connect|lost|retry/.test(event)) ends.push(`${event} ${JSON.stringify(fields)}`);
  };
  const log: Log = { info() {}, warn: note, error: note };
  const first = await loadVersion(file, false);
  assert.ok('version' in first, 'wrong' in first ? first.wrong : '');
  const session = await DevSession.start(
    {
      file,
      tell: (line) => told.push(line),
      judge: () => Promise.resolve(undefined),
      load: () => loadVersion(file, false),
      dressed: (spec) => spec,
      start: (version) =>
        startPipeline(version.spec, {
          catalog: { ...catalog, buses: new Map([...catalog.buses].map(([word, bus]) => [word, noted(bus, ends)])) },
          parts: version.parts,
          log,
          stateFolder: project.path('state'),
          admin: undefined,
          failFast: false,
          drainMs: 5000,
          environment: {},
        }),
    },
    first.version,
  );
  await session.ready;
  const out: Out[] = [];
  const subscription = hub.subscribe('test', ['out']);
  const reading = new AbortController();
  const collect = async (): Promise<void> => {
    while (!reading.signal.aborted) {
      const read: readonly Delivery[] = await subscription.read({ messages: 1000, bytes: 2 ** 24 }, reading.signal);
      for (const delivery of read) {
        out.push(JSON.parse(Buffer.from(delivery.frame.body ?? []).toString()) as Out);
        delivery.settle(ACCEPT);
      }
    }
  };
  const collecting = collect();
  return {
    hub: name,
    project,
    session,
    told,
    ends,
    out,
    async publish(key, n) {
      await hub.publish(frameForTest('in', JSON.stringify({ key, n })));
    },
    async save(path, content) {
      project.write(path, content);
      const before = told.length;
      await session.changed();
      return told.slice(before).join('\n');
    },
    async came(count) {
      await waitFor(() => out.length >= count, 10_000, `${count} messages, ${out.length} came`);
      return out;
    },
    async [Symbol.asyncDispose]() {
      await session.stop();
      reading.abort();
      await collecting;
      project[Symbol.dispose]();
    },
  };
}

function noted(bus: Bus, ends: string[]): Bus {
  return {
    ...bus,
    openSource(options, context) {
      ends.push('source opened');
      return bus.openSource(options, context);
    },
    openSink(options, context) {
      ends.push('sink opened');
      return bus.openSink(options, context);
    },
  };
}

/** A function that stamps its version: `v`. */
export function stamping(version: number, before = ''): string {
  return `export default async (body: object) => { ${before} return { ...body, v: ${version} }; };\n`;
}
