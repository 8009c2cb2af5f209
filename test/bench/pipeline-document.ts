import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import type { PipelineDocument } from '../../runtime/project/read/resolve-pipeline.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { readProjectFolders } from '../../runtime/project/project-files.ts';
import { type BridgeSettings, type BusName, type Case, endsOf, type Where } from './bridge.ts';

const STAGES = '[{ validate: owntracks-location.v1 }, { function: owntracks-to-track }, { validate: track.v1 }]';

/** One end of a route: its connection and itself, as YAML. */
interface End {
  readonly bus: string;
  readonly end: string;
}

type Ends = Readonly<Record<BusName, (where: Where, name: string) => End>>;

const FROM: Ends = {
  mqtt: ({ mqtt }, name) => ({ bus: `bus: mqtt, url: "${mqtt}"`, end: `topics: ["in/${name}/+"], key: "{topic.2}"` }),
  jetstream: ({ nats }) => ({ bus: `bus: jetstream, url: "${nats}"`, end: 'stream: IN, key: "{subject.1}"' }),
  kafka: ({ kafka }) => ({ bus: `bus: kafka, brokers: ["${kafka}"]`, end: 'topics: [in]' }),
  rabbitmq: ({ rabbitmq }) => ({ bus: `bus: rabbitmq, url: "${rabbitmq}"`, end: 'queue: in, key: "{routingKey.1}"' }),
};

const TO: Ends = {
  mqtt: ({ mqtt }, name) => ({ bus: `bus: mqtt, url: "${mqtt}"`, end: `topic: "out/${name}/{key}"` }),
  jetstream: ({ nats }, name) => ({
    bus: `bus: jetstream, url: "${nats}"`,
    end: `stream: OUT, subject: "out.${name}.{key}"`,
  }),
  kafka: ({ kafka }, name) => ({ bus: `bus: kafka, brokers: ["${kafka}"]`, end: `topic: out-${name}` }),
  rabbitmq: ({ rabbitmq }) => ({
    bus: `bus: rabbitmq, url: "${rabbitmq}"`,
    end: 'exchange: out, routingKey: "out.{key}"',
  }),
};

function endsText(kind: Case, where: Where, name: string): readonly [End, End] {
  const ends = endsOf(kind);
  if (ends !== undefined) return [FROM[ends.from](where, name), TO[ends.to](where, name)];
  if (kind === 'core-core') {
    const bus = `bus: nats, url: "${where.nats}"`;
    return [
      { bus, end: 'subjects: ["in.*"], key: "{subject.1}"' },
      { bus, end: `subject: "out.${name}.{key}"` },
    ];
  }
  return [
    { bus: 'bus: memory, hub: in', end: 'addresses: ["#"], key: "{address.1}"' },
    { bus: 'bus: memory, hub: out', end: 'address: "out/{key}"' },
  ];
}

/** The checked pipeline of a run: what `sluice build` would put into its bundle. */
export function pipelineDocument(
  kind: Case,
  { where, name, window }: Omit<BridgeSettings, 'delivered'>,
): PipelineDocument {
  const windowText = window === undefined ? '' : `, window: { messages: ${window} }`;
  const [from, to] = endsText(kind, where, name);
  const { document, findings } = checkPipeline({
    text: `name: ${name}
buses: { a: { ${from.bus} }, b: { ${to.bus} } }
routes:
  - { name: r, from: { bus: a, ${from.end}${windowText} }, stages: ${STAGES}, to: { bus: b, ${to.end} } }
`,
    file: 'bench.yaml',
    catalog,
    project: readProjectFolders(packageFolder()),
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  if (document === undefined) throw new Error(findingsText(findings));
  return document;
}
