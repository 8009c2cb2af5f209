import { startMosquitto } from '../harness/mosquitto.ts';
import { type Place, sharedNats } from '../harness/shared.ts';
import { fieldToCore, type Variation } from './field-to-core.ts';
import { type OutStream, watchStream } from '../harness/out-stream.ts';
import type { Project } from '../harness/project.ts';
import { newPublisher, type Publisher } from './publisher.ts';

/** What a test that calls `fixture` needs, if it brings no server. */
export const SERVERS = { needs: ['mosquitto', 'nats'] } as const;

/** Both servers, the stream, a publisher and a project between them. */
export interface Fixture extends AsyncDisposable {
  readonly field: Place;
  readonly core: Place;
  readonly stream: OutStream;
  readonly publisher: Publisher;
  readonly project: Project;
}

/** `ownCore`: a server of the test's own, which the test ends. */
export async function fixture(variation: Variation = {}, ownCore?: Place): Promise<Fixture> {
  const stack = new AsyncDisposableStack();
  const field = stack.use(await startMosquitto());
  const core = ownCore ?? stack.use(await sharedNats());
  const stream = stack.use(await watchStream(core.url));
  const publisher = stack.use(await newPublisher(field.url));
  const project = stack.use(fieldToCore({ field: field.url, core: core.url }, variation));
  return { field, core, stream, publisher, project, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
