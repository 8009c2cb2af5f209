import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import type { PipelineDocument } from '../../runtime/project/read/resolve-pipeline.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { readProjectFolders } from '../../runtime/project/project-files.ts';
import type { Words } from '../brokers/test-bus.ts';
import { pipelineText } from '../harness/project.ts';
import type { BridgeSettings } from './bridge.ts';
import type { Servers } from './servers.ts';

const STAGES = [{ validate: 'owntracks-location.v1' }, { function: 'owntracks-to-track' }, { validate: 'track.v1' }];

/** What class command needs: the time of the publisher, and how long a message is worth sending. */
const COMMAND = { expires: '365d', timestamp: { of: '{body.tst}', unit: 's' } };

interface End {
  readonly connection: Words;
  readonly end: Words;
}

const MEMORY: readonly [End, End] = [
  { connection: { bus: 'memory', hub: 'in' }, end: { addresses: ['#'], key: '{address.1}' } },
  { connection: { bus: 'memory', hub: 'out' }, end: { address: 'out/{key}' } },
];

/** The checked pipeline of a run: what `sluice build` would put into its bundle. */
export function pipelineDocument(
  { source, sink }: Servers,
  {
    name,
    tag,
    window,
    trafficClass,
  }: Pick<BridgeSettings, 'name' | 'tag' | 'window'> & { readonly trafficClass?: string | undefined },
): PipelineDocument {
  const [from, to] =
    source === undefined || sink === undefined
      ? MEMORY
      : [
          { connection: source.direct, end: source.entrance(tag).bridge },
          { connection: sink.direct, end: sink.exit(name).bridge },
        ];
  const route = {
    name: 'r',
    ...(trafficClass !== undefined && { class: trafficClass }),
    from: {
      bus: 'a',
      ...from.end,
      ...(trafficClass === 'command' && COMMAND),
      ...(window !== undefined && { window: { messages: window } }),
    },
    stages: STAGES,
    to: { bus: 'b', ...to.end },
  };
  const { document, findings } = checkPipeline({
    text: pipelineText({ name, buses: { a: from.connection, b: to.connection }, routes: [route] }),
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
