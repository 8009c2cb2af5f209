import assert from 'node:assert/strict';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { trackProject } from '../kill/track-project.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Readiness tells the truth within this. */
const TRUE_MS = 35_000;

/** A bridge with one route `r`, and what its probe says. */
export interface Probe extends AsyncDisposable {
  readonly bridge: Bridge;
  /** Waits until /readyz is 503 and a line about the end says why. */
  red(end: string, why: RegExp): Promise<void>;
  /** Waits until /readyz is 200. */
  green(): Promise<void>;
  /** Waits until so many messages have been delivered since the start. */
  delivered(count: number): Promise<void>;
  /** Whether /readyz is 200 at this moment. */
  isReady(): Promise<boolean>;
}

export async function probe(buses: Readonly<Record<string, object>>, from: object, to: object): Promise<Probe> {
  const project = trackProject();
  const file = project.pipeline('alive', { buses, routes: [{ name: 'r', from, to }] });
  const bridge = startBridge(project.folder, file);
  const close = async (): Promise<void> => {
    await bridge.kill();
    project[Symbol.dispose]();
  };
  let said = '';
  const status = async (): Promise<number> => {
    const answer = await bridge.ask('/readyz');
    said = answer.text;
    return answer.status;
  };
  const toldBy = (error: unknown): Error => new Error(`/readyz said:\n${said}${bridge.tail()}`, { cause: error });
  const wait = (condition: () => Promise<boolean>, what: string): Promise<void> =>
    waitFor(condition, TRUE_MS, what).then(
      () => {},
      (error: unknown) => {
        throw toldBy(error);
      },
    );
  try {
    await bridge.ready();
    assert.equal(await status(), 200, said);
  } catch (error) {
    await close();
    throw toldBy(error);
  }
  return {
    bridge,
    red: (end, why) =>
      wait(
        async () => {
          if ((await status()) !== 503) return false;
          const line = said.split('\n').find((each) => each.startsWith(`[-]r ${end} `));
          return line !== undefined && why.test(line);
        },
        `/readyz to be 503 and to say of the ${end} ${String(why)}`,
      ),
    green: () => wait(async () => (await status()) === 200, '/readyz to be 200'),
    delivered: (count) =>
      wait(async () => {
        const { text } = await bridge.ask('/metrics');
        return (
          Number(/^sluice_pipeline_messages_total\{.*sluice_outcome="delivered"\} (\d+)$/m.exec(text)?.[1]) >= count
        );
      }, `${count} messages to be delivered`),
    isReady: async () => (await status()) === 200,
    [Symbol.asyncDispose]: close,
  };
}
