import { type Link, startLink } from '../harness/link.ts';
import { natsWords } from '../harness/nats-client.ts';
import { type Place, sharedNats } from '../harness/shared.ts';
import { newProject, pipelineText } from '../harness/project.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { type TestStream, testStream } from '../harness/test-stream.ts';

/** One account of the run's nats-server, whose stream IN feeds routes into its stream OUT, over a link that can be spoilt. */
export interface ClassScene extends AsyncDisposable {
  readonly server: Place;
  /** On the way from the bridge to the source. */
  readonly nearLink: Link;
  /** On the way from the bridge to the sink. */
  readonly link: Link;
  readonly input: TestStream;
  readonly output: TestStream;
  start(): Bridge;
}

/** `routes`: without their ends' buses, `from.bus` and `to.bus`, which are put in. */
export async function setClassScene(
  routes: readonly { readonly from: object; readonly to: object; readonly [word: string]: unknown }[],
): Promise<ClassScene> {
  const server = await sharedNats();
  const [nearLink, link] = await Promise.all([startLink(server.port), startLink(server.port)]);
  const input = await testStream(server.url, 'IN', ['in.>']);
  const output = await testStream(server.url, 'OUT', ['out.>']);
  const project = newProject({
    'pipelines/classes.yaml': pipelineText({
      name: 'classes',
      buses: {
        near: { bus: 'jetstream', ...natsWords(server.url, nearLink.port) },
        far: { bus: 'jetstream', ...natsWords(server.url, link.port) },
      },
      routes: routes.map((route) => ({
        ...route,
        from: { bus: 'near', stream: 'IN', ...route.from },
        to: { bus: 'far', stream: 'OUT', ...route.to },
      })),
    }),
  });
  const file = project.path('pipelines/classes.yaml');
  return {
    server,
    nearLink,
    link,
    input,
    output,
    start: () => startBridge(project.folder, file),
    async [Symbol.asyncDispose]() {
      await input[Symbol.asyncDispose]();
      await output[Symbol.asyncDispose]();
      await Promise.all([nearLink, link].map((way) => way[Symbol.asyncDispose]()));
      await server[Symbol.asyncDispose]();
      project[Symbol.dispose]();
    },
  };
}
