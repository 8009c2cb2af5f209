import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Guarantees } from '#contract/bus.ts';
import { asSluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import { type ConformanceTest, onlyWithHeaders } from '../conformance-test.ts';
import { openSink, openSource } from '../ends.ts';
import { frameOf, textOf } from '../frame-of.ts';
import { sendAll, sendOne } from '../send-all.ts';

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
/** Below the 1 MiB that is the default limit of some servers, headers included. */
const LARGE_BYTES = 1_000_000;
/** Expiry crosses buses in whole seconds. */
const EXPIRY_SLACK_MS = 2500;

const body: ConformanceTest = {
  name: 'body',
  sentence: 'every body arrives unchanged, in order and at its address: empty, of every byte, of a million bytes',
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const bodies = [
      new Uint8Array(),
      EVERY_BYTE,
      randomBytes(LARGE_BYTES),
      ...Array.from({ length: 50 }, () => randomBytes(300)),
    ];
    const frames = bodies.map((bytes, at) =>
      frameOf(fixture, '', { body: bytes, address: fixture.address(`n${at % 3}`) }),
    );
    await sendAll(fixture, writer.sink, frames);
    const read = await reader.take(frames.length);
    // Compared at the end: a body may not change while later ones are read. In order at each address: no bus says more.
    for (const [at, frame] of frames.entries()) {
      const index = read.findIndex((delivery) => delivery.frame.address === frame.address);
      const [delivery] = index < 0 ? [] : read.splice(index, 1);
      assert.ok(
        Buffer.from(frame.body ?? []).equals(delivery?.frame.body ?? Buffer.from('missing')),
        `body of frame ${at}`,
      );
    }
  },
};

const headers: ConformanceTest = {
  name: 'headers',
  sentence: 'headers arrive as they were sent; a repeated name keeps every value in order',
  excludes: onlyWithHeaders,
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const sent = new Map([
      ['seclabel', ['demo:secret']],
      ['traceparent', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']],
      ['repeated', ['b', 'a', 'b']],
      ['mixed-Case', ['Ünïcode, with spaces; and: signs']],
      ['empty', ['']],
    ]);
    await sendOne(fixture, writer.sink, frameOf(fixture, 'x', { headers: sent }));
    const [delivery] = await reader.take(1);
    for (const [name, values] of sent) assert.deepEqual(delivery?.frame.headers.get(name), values, `header ${name}`);
    assert.equal(delivery?.frame.headers.size, sent.size, 'no other header came along');
  },
};

const meta: ConformanceTest = {
  name: 'meta',
  sentence: 'id and content type arrive, and expiry where it is carried',
  excludes: onlyWithHeaders,
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const expiresAtMs = Date.now() + 60_000;
    const sent = { id: 'fleet/positions:7:1', contentType: 'application/json', expiresAtMs };
    await sendOne(fixture, writer.sink, frameOf(fixture, 'x', sent));
    const [delivery] = await reader.take(1);
    assert.equal(delivery?.frame.id, sent.id);
    assert.equal(delivery?.frame.contentType, sent.contentType);
    if (!fixture.source.carriesExpiry || !fixture.sink.carriesExpiry) return;
    const arrived = delivery?.frame.expiresAtMs ?? 0;
    assert.ok(Math.abs(arrived - expiresAtMs) <= EXPIRY_SLACK_MS, `expiry is off by ${arrived - expiresAtMs} ms`);
  },
};

const key: ConformanceTest = {
  name: 'key',
  sentence: 'the key arrives',
  excludes: ({ source, sink }) => (source.carriesKey && sink.carriesKey ? undefined : 'the bus carries no key'),
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    await sendOne(fixture, writer.sink, frameOf(fixture, 'x', { key: 'vehicle 7' }));
    const [delivery] = await reader.take(1);
    assert.equal(delivery?.frame.key, 'vehicle 7');
  },
};

const absent: ConformanceTest = {
  name: 'absent',
  sentence: 'what was not sent does not arrive: no id, content type, expiry, key or header of its own making',
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    await sendOne(fixture, writer.sink, frameOf(fixture, 'bare'));
    const [delivery] = await reader.take(1);
    assert.ok(delivery);
    const { frame } = delivery;
    assert.equal(textOf(frame), 'bare');
    const { id, contentType, expiresAtMs } = frame;
    assert.deepEqual(
      { id, contentType, expiresAtMs, key: frame.key },
      { id: undefined, contentType: undefined, expiresAtMs: undefined, key: undefined },
    );
    assert.equal(frame.headers.size, 0);
  },
};

const nothing: ConformanceTest = {
  name: 'no-body',
  sentence:
    'a null body arrives as null, or is refused with NO_BODY before anything is sent; never does it become empty',
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    const sent = sendOne(fixture, writer.sink, frameOf(fixture, '', { body: null, key: 'gone' }));
    if (fixture.sink.carriesNull) await sent;
    else {
      const refusal = { code: 'NO_BODY', scope: 'message', verdict: 'reject' };
      await assert.rejects(sent, (error) => {
        const { code, scope, verdict } = asSluiceError(error);
        assert.deepEqual({ code, scope, verdict }, refusal);
        return true;
      });
    }
    await sendOne(fixture, writer.sink, frameOf(fixture, 'last', { key: 'gone' }));
    const read = await reader.readUntil((so) => so.some(({ frame }) => textOf(frame) === 'last'));
    const others = read.map(({ frame }) => frame.body).filter((bytes) => bytes === null || bytes.length === 0);
    assert.deepEqual(others, fixture.sink.carriesNull && fixture.source.carriesNull ? [null] : []);
  },
};

/** Some buses count times in seconds. */
const MADE_AT_MS = 1_700_000_000_000;

const time: ConformanceTest = {
  name: 'time',
  sentence: "the time of a message is whose the guarantees say: its publisher's, the server's and marked so, or none",
  async judge(fixture) {
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    await sendAll(fixture, writer.sink, [
      frameOf(fixture, 'timeless'),
      frameOf(fixture, 'timed', { timestampMs: MADE_AT_MS }),
    ]);
    const read = await reader.take(2);
    const seen = Object.fromEntries(read.map(({ frame }) => [textOf(frame), whoseTime(frame)]));
    assert.deepEqual(seen, WHOSE_TIMES[fixture.source.stamps]);
  },
};

const WHOSE_TIMES: Readonly<Record<Guarantees['stamps'], object>> = {
  // A client that is given none says when it sent.
  publisher: { timeless: 'of the client', timed: 'as sent' },
  optional: { timeless: 'none', timed: 'as sent' },
  server: { timeless: 'of the server', timed: 'of the server' },
  none: { timeless: 'none', timed: 'none' },
};

function whoseTime({ timestampMs, stampedBy }: Frame): string {
  if (timestampMs === undefined) return 'none';
  if (stampedBy === 'server') return 'of the server';
  return timestampMs === MADE_AT_MS ? 'as sent' : 'of the client';
}

export const CARRIAGE: readonly ConformanceTest[] = [body, headers, meta, key, absent, nothing, time];
