import assert from 'node:assert/strict';
import type { JsMsg } from '@nats-io/jetstream';
import { publishStored } from '../harness/publish-stored.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { Bridge } from '../harness/bridge.ts';
import type { ClassScene } from './scene.ts';

const STOP_MS = 20_000;

export interface Stored {
  readonly subject: string;
  readonly n: number;
  /** When the stream took it. */
  readonly atMs: number;
}

export const storedOf = (message: JsMsg): Stored => ({
  subject: message.subject,
  n: message.json<{ n: number }>().n,
  atMs: message.info.timestampNanos / 1e6,
});

/** Puts numbered messages into the stream IN. */
export async function publish(
  { input }: ClassScene,
  subjects: Iterable<string>,
  n: number,
  more: object = {},
): Promise<void> {
  const all = [...subjects];
  const body = JSON.stringify({ n, ...more });
  await publishStored(input.connection, all.length, (at) => ({ subject: all[at] ?? '', body }));
}

export async function stopped(bridge: Bridge): Promise<void> {
  assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
}

export const held = (bridge: Bridge, count: number): Promise<unknown> =>
  waitFor(async () => (await bridge.metric('sluice_pipeline_held')) === count, 30_000, `${count} held messages`);

export const arrived = ({ output }: ClassScene, count: number): Promise<unknown> =>
  waitFor(async () => (await output.count()) >= count, 60_000, `${count} messages in OUT`);
