import assert from 'node:assert/strict';
import type { Place } from '../../harness/shared.ts';
import { type Fixture, fixture } from '../../host/fixture.ts';
import type { Variation } from '../../host/field-to-core.ts';
import { type SluiceProcess, startSluice } from '../../harness/sluice-process.ts';
import { readLetters } from '../../host/memory-run.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** Refuses every body with `bad`. */
export const BROKEN = `import { reject } from 'sluice';
export default (body) => (body.bad ? reject('not yet') : body);`;
export const FIXED = 'export default (body) => ({ ...body, fixed: true });';

/** MQTT to JetStream through a function that can be mended, and the command line beside it. */
export interface LetterFixture extends AsyncDisposable {
  readonly fixture: Fixture;
  readonly state: string;
  readonly file: string;
  mend(source: string): void;
  run(...args: readonly string[]): SluiceProcess;
  /** Runs `sluice dlq ...` to its end. */
  dlq(word: string, ...args: readonly string[]): Promise<{ code: number | NodeJS.Signals; out: string; err: string }>;
  startDlq(word: string, ...args: readonly string[]): SluiceProcess;
  letters(): Record<string, unknown>[];
  /** Publishes so many to `in/KEY`, labelled, that the broken function refuses. */
  publishBad(count: number, key?: string): Promise<void>;
  /** Brings so many dead letters about, and ends the bridge. */
  fill(count: number): Promise<void>;
}

/** `ownCore`: a server of the test's own, which the test ends. */
export async function letterFixture(variation: Variation = {}, ownCore?: Place): Promise<LetterFixture> {
  const stack = new AsyncDisposableStack();
  const place = stack.use(await fixture({ source: BROKEN, ...variation }, ownCore));
  const { project } = place;
  const file = project.path('pipelines/bridge.yaml');
  const state = project.path('state');
  let number = 0;
  const startDlq = (word: string, ...args: readonly string[]): SluiceProcess =>
    stack.use(startSluice(['dlq', word, file, '--state', state, ...args]));
  const run = (...args: readonly string[]): SluiceProcess =>
    stack.use(startSluice(['run', file, '--state', state, ...args]));
  const letters = (): Record<string, unknown>[] => {
    try {
      return readLetters(state);
    } catch {
      return [];
    }
  };
  const publishBad = async (count: number, key = 'k'): Promise<void> => {
    const sent = Array.from({ length: count }, () => {
      number += 1;
      const userProperties = { seclabel: 'S;REL=A', msgid: `m${number}`, odd: 'a b' };
      return place.publisher.publish(`in/${key}`, JSON.stringify({ n: number, bad: true }), { userProperties });
    });
    await Promise.all(sent);
  };
  return {
    fixture: place,
    state,
    file,
    mend: (source) => void project.write('functions/f.ts', source),
    run,
    startDlq,
    async dlq(word, ...args) {
      const process = startDlq(word, ...args);
      const code = await process.ended();
      return { code, out: process.stdout(), err: process.stderr() };
    },
    letters,
    publishBad,
    async fill(count) {
      const bridge = run();
      await bridge.said('ready');
      const before = letters().length;
      await publishBad(count);
      // The log summarises many of one cause.
      await waitFor(() => letters().length >= before + count, 30_000, `${count} dead letters`);
      bridge.signal('SIGTERM');
      assert.equal(await bridge.ended(), 0);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The object that `--json` printed. */
export function envelope(out: string): Record<string, unknown> {
  return JSON.parse(out) as Record<string, unknown>;
}
