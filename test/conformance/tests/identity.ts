import assert from 'node:assert/strict';
import type { Frame } from '#contract/frame.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../harness/wait-for.ts';
import type { ConformanceTest } from '../conformance-test.ts';
import { openSink, type OpenSink, openSource, type OpenSource } from '../ends.ts';
import type { Recorded } from '../../harness/recorded-context.ts';
import { hasAll, numbered, textOf } from '../frame-of.ts';
import { demand, type Fixture } from '../fixture.ts';
import { sendAll, sendUntilSeen } from '../send-all.ts';

const COUNT = 20;
const WATCH_MS = 3000;
/** Connections of one end within that time: more is a bridge that beats upon the server's door. */
const MAX_ATTEMPTS = 15;

const saysWhy = ({ events }: Recorded, from: number): boolean =>
  events.slice(from).some((event) => event.kind === 'problem' && event.error.code === 'BUS_AUTH');

/** Waits until the end has said that it is its identity, and watches how often it tries. */
async function watch(
  fixture: Fixture,
  recorded: Recorded,
  from: number,
  attempts: (() => number) | undefined,
): Promise<void> {
  const { direction } = recorded.context;
  await waitFor(() => saysWhy(recorded, from), fixture.patienceMs, `the ${direction} to report BUS_AUTH`);
  const before = attempts?.() ?? 0;
  await sleep(WATCH_MS);
  const made = (attempts?.() ?? 0) - before;
  assert.ok(made <= MAX_ATTEMPTS, `the ${direction} made ${made} connections in ${WATCH_MS} ms`);
}

interface Heard {
  readonly reader: OpenSource;
  readonly writer: OpenSink;
  readonly frames: readonly Frame[];
  /** Texts that were read before. */
  readonly seen: Set<string>;
  readonly isSending: boolean;
}

/** Waits until every frame was read; where nothing comes again, until one that is sent now is. */
async function hearsAll(fixture: Fixture, { reader, writer, frames, seen, isSending }: Heard): Promise<void> {
  if (!isSending) return sendUntilSeen(fixture, writer.sink, reader, 'after');
  await reader.readUntil((read) => {
    for (const { frame } of read) seen.add(textOf(frame));
    return hasAll(frames.map(textOf), seen);
  });
}

interface Halfway {
  readonly frames: readonly Frame[];
  readonly seen: Set<string>;
  /** Events of each end until then. */
  readonly from: { readonly reader: number; readonly writer: number };
}

/** Sends the first half of the frames and reads it. */
async function halfway(fixture: Fixture, reader: OpenSource, writer: OpenSink): Promise<Halfway> {
  const frames = numbered(fixture, COUNT);
  await sendAll(fixture, writer.sink, frames.slice(0, COUNT / 2));
  const seen = new Set((await reader.take(COUNT / 2)).map(({ frame }) => textOf(frame)));
  return { frames, seen, from: { reader: reader.recorded.events.length, writer: writer.recorded.events.length } };
}

/** Sends the other half while nobody is let in, lets both ends in again by `admit`, and waits for all. */
async function goesOn(
  fixture: Fixture,
  scene: Omit<Heard, 'isSending'>,
  admit: () => Promise<void> | void,
): Promise<void> {
  const { reader, writer, frames } = scene;
  const back = reader.recorded.nextReport('connected');
  // A send while it is refused is the bus's fault: else this one rejects.
  const sending = fixture.source.redelivers ? sendAll(fixture, writer.sink, frames.slice(COUNT / 2)) : undefined;
  await admit();
  await Promise.all([sending, back]);
  await hearsAll(fixture, { ...scene, isSending: sending !== undefined });
}

const revoked: ConformanceTest = {
  name: 'revoked',
  sentence:
    'an identity that is revoked while connected is reported as such, tried again without haste, and nothing is lost when it is granted again',
  async judge(fixture) {
    const revoke = demand(fixture.revoke, 'identity that can be revoked');
    const grant = demand(fixture.grant, 'identity that can be granted again');
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const { frames, seen, from } = await halfway(fixture, reader, writer);
    await revoke();
    await Promise.all([
      watch(fixture, reader.recorded, from.reader, fixture.sourcePath.attempts),
      watch(fixture, writer.recorded, from.writer, fixture.sinkPath.attempts),
    ]);
    await goesOn(fixture, { reader, writer, frames, seen }, grant);
  },
};

const renewedSecret: ConformanceTest = {
  name: 'renewed-secret',
  sentence:
    'a secret that is changed at the server is reported as refused until the file that holds it is renewed; that is taken up without a restart, and nothing is lost',
  async judge(fixture) {
    const changeSecret = demand(fixture.changeSecret, 'secret that can be changed');
    const renewFile = demand(fixture.renewFile, 'file that holds a secret');
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const { frames, seen, from } = await halfway(fixture, reader, writer);
    await changeSecret();
    await waitFor(() => saysWhy(reader.recorded, from.reader), fixture.patienceMs, 'the source to report BUS_AUTH');
    await waitFor(() => saysWhy(writer.recorded, from.writer), fixture.patienceMs, 'the sink to report BUS_AUTH');
    await goesOn(fixture, { reader, writer, frames, seen }, renewFile);
  },
};

export const IDENTITY: readonly ConformanceTest[] = [revoked, renewedSecret];
