import { busNamed } from '../brokers/all.ts';
import type { OwnEndpoint } from '../brokers/test-bus.ts';
import { busesOf, type Case } from './bridge.ts';

/** The servers of one case: nothing else runs beside them. */
export interface Servers extends AsyncDisposable {
  readonly source: OwnEndpoint | undefined;
  readonly sink: OwnEndpoint | undefined;
}

/** `queued`: how many messages a session of an MQTT server must be able to hold. */
export async function startServers(kind: Case, queued: number): Promise<Servers> {
  await using stack = new AsyncDisposableStack();
  const start = async (bus: string): Promise<OwnEndpoint> => stack.use(await busNamed(bus).endpoints.start({ queued }));
  const { from, to } = busesOf(kind) ?? {};
  const source = from === undefined ? undefined : await start(from);
  const sink = to === from || to === undefined ? source : await start(to);
  const held = stack.move();
  return { source, sink, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
