import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '../../runtime/catalog.ts';
import { checkPipeline } from '../../runtime/config/check-pipeline.ts';
import { findingsText } from '../../runtime/config/findings-text.ts';
import { packageFolder } from '../../runtime/package-folder.ts';
import { startPipeline } from '../../runtime/pipeline.ts';
import { readProjectFolders } from '../../runtime/project-files.ts';
import type { Bridge, BridgeSettings, Case } from './bridge.ts';
import { isLocation, isTrack, toTrackUntyped } from './work.ts';

// As a bundle holds them: compiled before the start.
const FUNCTIONS = new Map([
  ['owntracks-to-track', { transform: toTrackUntyped, explain: () => ({ position: undefined, stack: undefined }) }],
]);
const VALIDATORS = new Map([
  ['owntracks-location.v1', isLocation],
  ['track.v1', isTrack],
]);

const STAGES = `
    stages: [{ validate: owntracks-location.v1 }, { function: owntracks-to-track }, { validate: track.v1 }]`;

function pipelineText(kind: Case, { mqttUrl, natsUrl, name }: BridgeSettings): string {
  const nats = (bus: string): string => `{ bus: ${bus}, url: "${natsUrl}" }`;
  const route = (from: string, to: string): string => `
routes:
  - name: r
    from: ${from}${STAGES}
    to: ${to}
`;
  switch (kind) {
    case 'mqtt-jetstream':
      return `name: ${name}
buses: { a: { bus: mqtt, url: "${mqttUrl}" }, b: ${nats('jetstream')} }${route(
        '{ bus: a, topics: ["in/+"], key: "{topic.1}" }',
        `{ bus: b, stream: OUT, subject: "out.${name}.{key}" }`,
      )}`;
    case 'jetstream-jetstream':
      return `name: ${name}
buses: { a: ${nats('jetstream')} }${route(
        '{ bus: a, stream: IN, key: "{subject.1}" }',
        `{ bus: a, stream: OUT, subject: "out.${name}.{key}" }`,
      )}`;
    case 'core-core':
      return `name: ${name}
buses: { a: ${nats('nats')} }${route(
        '{ bus: a, subjects: ["in.*"], key: "{subject.1}"}',
        `{ bus: a, subject: "out.${name}.{key}" }`,
      )}`;
    case 'memory-memory':
      return `name: ${name}
buses: { a: { bus: memory, hub: in }, b: { bus: memory, hub: out } }${route(
        '{ bus: a, addresses: ["#"], key: "{address.1}" }',
        '{ bus: b, address: "out/{key}" }',
      )}`;
  }
}

/** The real thing: a checked pipeline file, run as `sluice run` runs it. */
export function sluiceBridge(kind: Case): Bridge {
  return async (settings) => {
    const project = readProjectFolders(packageFolder());
    const { spec, findings } = checkPipeline({
      text: pipelineText(kind, settings),
      file: 'bench.yaml',
      vocabulary: catalog,
      project,
      environment: {},
      readFile: () => '',
      mode: 'run',
    });
    if (spec === undefined) throw new Error(findingsText(findings));
    const running = await startPipeline(spec, {
      catalog,
      parts: { functions: FUNCTIONS, validators: VALIDATORS },
      log: {
        info() {},
        warn: (event, fields) => process.stderr.write(`${event} ${JSON.stringify(fields)}\n`),
        error: (event, fields) => process.stderr.write(`${event} ${JSON.stringify(fields)}\n`),
      },
      stateFolder: mkdtempSync(join(tmpdir(), 'sluice-bench-')),
      admin: undefined,
      failFast: true,
      drainMs: 5000,
      environment: {},
    });
    await running.ready;
    const timer = setInterval(() => {
      settings.delivered.count = running.numbers()[0]?.delivered ?? 0;
    }, 1);
    return async () => {
      clearInterval(timer);
      await running.stop();
    };
  };
}
