import assert from 'node:assert/strict';
import { patient } from '../harness/patience.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Fixture } from './fixture.ts';
import { readLetters } from './memory-run.ts';
import { type SluiceProcess, startSluice } from '../harness/sluice-process.ts';

/** Good ones around the poison. */
const BEFORE = 10;
const AFTER = 10;

export interface Supervised {
  /** How each run ended that did not come through. */
  readonly ends: readonly unknown[];
  /** Codes and stages of the dead letters. */
  readonly letters: readonly (readonly [code: unknown, stage: unknown])[];
  readonly bodies: readonly Uint8Array[];
  /** What the runs that ended said. */
  readonly said: string;
}

/**
 * Sends good messages, a poisonous one and more good ones while the bridge is away, and starts the bridge as a supervisor does
 * until all good ones are in the stream and the poison is a dead letter.
 */
export async function comeThrough(
  { project, publisher, stream }: Fixture,
  poison: Buffer,
  options: { readonly mostEnds: number; readonly env?: Readonly<Record<string, string>>; readonly deadlineMs?: number },
): Promise<Supervised> {
  const folder = project.path('.sluice/bridge');
  const start = (): SluiceProcess =>
    startSluice(['run', 'pipelines/bridge.yaml'], { cwd: project.folder, ...(options.env && { env: options.env }) });
  {
    // The session is there before the messages are.
    await using first = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: project.folder });
    await first.said('ready');
    first.signal('SIGTERM');
    assert.equal(await first.ended(), 0, first.stderr());
  }
  const good = (n: number): Promise<void> => publisher.publish(`in/${n}`, JSON.stringify({ n }));
  for (let n = 0; n < BEFORE; n += 1) await good(n);
  await publisher.publish('in/poison', poison);
  for (let n = 0; n < AFTER; n += 1) await good(BEFORE + n);
  const ends: unknown[] = [];
  let said = '';
  for (;;) {
    await using bridge = start();
    const isThrough = async (): Promise<boolean> =>
      (await stream.count()) >= BEFORE + AFTER && bridge.lines().some(({ event }) => event === 'dead-letter');
    const exit = new Promise((resolve) => bridge.child.once('close', (code, signal) => resolve(signal ?? code)));
    const outcome = await Promise.race([
      exit,
      waitFor(isThrough, options.deadlineMs ?? 30_000, 'all good ones and the dead letter').then(() => 'through'),
    ]);
    if (outcome === 'through') {
      bridge.signal('SIGTERM');
      assert.equal(await bridge.ended(patient(30_000)), 0, bridge.stderr());
      break;
    }
    ends.push(outcome);
    said += bridge.stderr();
    assert.ok(ends.length <= options.mostEnds, said.slice(-4000));
  }
  const stored = await stream.read(BEFORE + AFTER);
  const numbers = stored.map(({ body }) => (JSON.parse(Buffer.from(body).toString()) as { n: number }).n);
  assert.deepEqual(
    [...new Set(numbers)],
    Array.from({ length: BEFORE + AFTER }, (_, n) => n),
  );
  const letters = readLetters(folder);
  return {
    ends,
    said,
    letters: letters.map(({ code, stage }) => [code, stage] as const),
    bodies: letters.map(({ body }) => body as Uint8Array),
  };
}
