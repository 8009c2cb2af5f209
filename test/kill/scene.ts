import type { JsMsg } from '@nats-io/jetstream';
import { connectAsync } from 'mqtt';
import type { Broker } from '../harness/broker.ts';
import { type Link, startLink } from '../harness/link.ts';
import { type MosquittoOptions, startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import type { Mark } from './judge.ts';
import { trackProject, type TrackProject, STAGES } from './track-project.ts';
import { publishMqtt, publishNats } from './publish.ts';
import { type TestStream, testStream } from '../harness/test-stream.ts';

/** Where reports come from. They always go to a JetStream of another server. */
export type Field = 'mqtt' | 'jetstream';

/** How a scene is to differ from the ordinary one. */
export interface SceneOptions {
  readonly mosquitto?: MosquittoOptions;
  /** Added to the connection to the field. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** Of the one route of the pipeline `fleet`. */
  readonly route?: RouteExtra;
  /** Whether the bridge reaches the servers over the links, which can be cut. */
  readonly links?: boolean;
  /** Of the bridge's process. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** What a route is to have otherwise. */
export interface RouteExtra {
  readonly from?: object;
  readonly stages?: readonly object[];
  readonly to?: object;
  /** Of the route itself. */
  readonly words?: object;
}

/** Two servers, a project between them, and the stream that is judged. */
export interface Scene extends AsyncDisposable {
  readonly project: TrackProject;
  readonly field: Broker;
  readonly core: Broker;
  /** On the way from the bridge to either server. */
  readonly fieldLink: Link;
  readonly coreLink: Link;
  readonly tracks: TestStream;
  /** Undefined where the field speaks MQTT. */
  readonly reports: TestStream | undefined;
  /** Words of a route from the field to the core. */
  route(name: string, extra?: RouteExtra): object;
  readonly buses: Readonly<Record<string, unknown>>;
  /** Runs the pipeline `fleet`. */
  start(...options: readonly string[]): Bridge;
  /** Resolves once the server holds them all. Order is kept. */
  publish(marks: Iterable<Mark>): Promise<void>;
  /** What the tracks' stream holds, in order. */
  stored(): Promise<Mark[]>;
}

export async function setScene(kind: Field, options: SceneOptions = {}): Promise<Scene> {
  const project = trackProject();
  const [field, core] = await Promise.all([
    kind === 'mqtt' ? startMosquitto(options.mosquitto) : startNats(),
    startNats(),
  ]);
  const [fieldLink, coreLink] = await Promise.all([startLink(field.port), startLink(core.port)]);
  const tracks = await testStream(core.url, 'TRACKS', ['tracks.>']);
  const reports = kind === 'mqtt' ? undefined : await testStream(field.url, 'REPORTS', ['fleet.*.position']);
  const sender = kind === 'mqtt' ? await connectAsync(field.url, { protocolVersion: 5 }) : undefined;
  const url = ({ url: direct }: Broker, { port }: Link): string =>
    options.links === true ? `${new URL(direct).protocol}//127.0.0.1:${port}` : direct;
  const buses = {
    field: { bus: kind, url: url(field, fieldLink), ...options.connection },
    core: { bus: 'jetstream', url: url(core, coreLink) },
  };
  const from =
    kind === 'mqtt'
      ? { topics: ['fleet/+/position'], qos: 1, key: '{topic.1}' }
      : { stream: 'REPORTS', key: '{subject.1}' };
  const route: Scene['route'] = (name, extra) => ({
    name,
    from: { bus: 'field', ...from, ...extra?.from },
    stages: extra?.stages ?? STAGES,
    to: { bus: 'core', stream: 'TRACKS', subject: 'tracks.{key}', ...extra?.to },
    ...extra?.words,
  });
  const file = project.pipeline('fleet', { buses, routes: [route('positions', options.route)] });
  return {
    project,
    field,
    core,
    fieldLink,
    coreLink,
    tracks,
    reports,
    route,
    buses,
    start: (...words) => startBridge(project.folder, file, words, options.environment),
    async publish(marks) {
      if (sender !== undefined) await publishMqtt(sender, marks);
      else if (reports !== undefined) await publishNats(reports, marks);
    },
    stored: () => tracks.read(markOf),
    async [Symbol.asyncDispose]() {
      await tracks[Symbol.asyncDispose]();
      await reports?.[Symbol.asyncDispose]();
      await sender?.endAsync(true);
      await Promise.all([fieldLink, coreLink].map((link) => link[Symbol.asyncDispose]()));
      await Promise.all([field, core].map((broker) => broker[Symbol.asyncDispose]()));
      project[Symbol.dispose]();
    },
  };
}

/** The mark of a track, as the function of the project writes it. */
export function markOf(message: JsMsg): Mark {
  const { id, sequence } = message.json<{ id: string; sequence: number }>();
  return { key: id, number: sequence };
}
