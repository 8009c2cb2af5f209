import { natsWords } from '../harness/nats-client.ts';
import type { Project } from '../harness/project.ts';
import { newProject } from '../harness/project.ts';

/** What differs from one test to the next. */
export interface Variation {
  /** Source text of functions/f.ts. Without one the route has no stage. */
  readonly source?: string;
  readonly stage?: object;
  /** Further words of the file. */
  readonly file?: object;
  /** Further connections. */
  readonly buses?: object;
  readonly field?: object;
  readonly core?: object;
  readonly from?: object;
  readonly to?: object;
  readonly route?: object;
  readonly files?: Readonly<Record<string, string | object>>;
}

/** The word `clientId` of a connection to this place: client ids are of the whole server, ports of the place. */
export function clientIdAt(url: string): string {
  return `sluice-${new URL(url).port}`;
}

/** A project of one pipeline: MQTT 5 `in/+` to the JetStream stream OUT, subject `out.KEY`. */
export function fieldToCore(
  urls: { readonly field: string; readonly core: string },
  variation: Variation = {},
): Project {
  const { source, stage, file, buses, field, core, from, to, route, files } = variation;
  return newProject({
    'pipelines/bridge.yaml': {
      name: 'bridge',
      ...file,
      buses: {
        field: { bus: 'mqtt', url: urls.field, protocol: '5', clientId: clientIdAt(urls.field), ...field },
        core: { bus: 'jetstream', ...natsWords(urls.core), create: true, ...core },
        ...buses,
      },
      routes: [
        {
          name: 'up',
          from: { bus: 'field', topics: ['in/+'], qos: 1, key: '{topic.1}', ...from },
          ...(source !== undefined && { stages: [{ function: 'f', ...stage }] }),
          to: { bus: 'core', stream: 'OUT', subject: 'out.{key}', ...to },
          ...route,
        },
      ],
    },
    ...(source !== undefined && { 'functions/f.ts': source }),
    ...files,
  });
}
