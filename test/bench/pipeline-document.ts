import { catalog } from '../../runtime/catalog.ts';
import { checkPipeline } from '../../runtime/config/check-pipeline.ts';
import { findingsText } from '../../runtime/config/findings-text.ts';
import type { PipelineDocument } from '../../runtime/config/resolve-pipeline.ts';
import { packageFolder } from '../../runtime/package-folder.ts';
import { readProjectFolders } from '../../runtime/project-files.ts';
import type { BridgeSettings, Case } from './bridge.ts';

type Where = Pick<BridgeSettings, 'mqttUrl' | 'natsUrl' | 'name'>;

const STAGES = `
    stages: [{ validate: owntracks-location.v1 }, { function: owntracks-to-track }, { validate: track.v1 }]`;

function pipelineText(kind: Case, { mqttUrl, natsUrl, name }: Where): string {
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

/** The checked pipeline of a run: what `sluice build` would put into its bundle. */
export function pipelineDocument(kind: Case, where: Where): PipelineDocument {
  const { document, findings } = checkPipeline({
    text: pipelineText(kind, where),
    file: 'bench.yaml',
    vocabulary: catalog,
    project: readProjectFolders(packageFolder()),
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  if (document === undefined) throw new Error(findingsText(findings));
  return document;
}
