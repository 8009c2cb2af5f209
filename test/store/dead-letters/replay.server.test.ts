import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { serverTest } from '../../harness/server-test.ts';
import { startNats } from '../../harness/nats.ts';
import { patient } from '../../harness/patience.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { SERVERS } from '../../host/fixture.ts';
import type { Place } from '../../harness/shared.ts';
import type { SluiceProcess } from '../../harness/sluice-process.ts';
import type { Variation } from '../../host/field-to-core.ts';
import type { Stored } from '../../harness/out-stream.ts';
import { BROKEN, envelope, FIXED, type LetterFixture, letterFixture } from './dlq-fixture.ts';

function numbers(stored: readonly Stored[]): number[] {
  return stored.map(({ body }) => (JSON.parse(Buffer.from(body).toString()) as { n: number }).n);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** So many dead letters of a pipeline that is stopped, and whose function is mended. */
async function mended(count: number, variation: Variation = {}, ownCore?: Place): Promise<LetterFixture> {
  const place = await letterFixture(variation, ownCore);
  await place.fill(count);
  place.mend(FIXED);
  return place;
}

/** A replay at that rate that has sent its first letters. */
async function underWay(place: LetterFixture, rate: string, ...args: readonly string[]): Promise<SluiceProcess> {
  const command = place.startDlq('replay', '--rate', rate, ...args);
  await waitFor(async () => (await place.fixture.stream.count()) >= 5, 20_000, 'the first letters');
  return command;
}

/** A second replay sends the rest, and each of `count` letters has arrived once and in order. Returns its report. */
async function sendsRest(place: LetterFixture, count: number): Promise<Record<string, unknown>> {
  const { code, out, err } = await place.dlq('replay', '--json');
  assert.equal(code, 0, err);
  assert.deepEqual(numbers(await place.fixture.stream.read(count)), upTo(count));
  return envelope(out);
}

serverTest(
  'with the pipeline stopped, a replay sends every letter once, in order, with the id and the label that it had, and the letters are gone',
  SERVERS,
  async () => {
    await using place = await mended(20);
    const ids = place.letters().map((letter) => letter['id']);
    const { code, out, err } = await place.dlq('replay', '--json');
    assert.equal(code, 0, err + out);
    assert.deepEqual(envelope(out)['wentThrough'], 20);
    const stored = await place.fixture.stream.read(20);
    assert.deepEqual(numbers(stored), upTo(20));
    assert.deepEqual(
      stored.map((message) => message.header('Nats-Msg-Id')[0]),
      ids,
    );
    for (const message of stored) {
      assert.deepEqual([message.header('seclabel'), message.header('odd')], [['S;REL=A'], ['a b']]);
      assert.match(Buffer.from(message.body).toString(), /"fixed":true/);
    }
    assert.deepEqual(place.letters(), []);
  },
);

serverTest(
  'with the pipeline running, a replay goes through it beside what arrives, within seconds',
  SERVERS,
  async () => {
    await using place = await mended(20);
    const bridge = place.run();
    await bridge.said('ready');
    await place.publishBad(1, 'new');
    await place.fixture.stream.read(1);
    const startMs = performance.now();
    const { code, out, err } = await place.dlq('replay', '--json');
    assert.equal(code, 0, err + out);
    assert.ok(performance.now() - startMs < patient(10_000));
    assert.match(err, /replay by the running pipeline: 20 of 20|replay by the running pipeline/);
    await place.publishBad(1, 'new');
    const stored = await place.fixture.stream.read(22);
    assert.deepEqual(
      numbers(stored).toSorted((a, b) => a - b),
      upTo(22),
    );
    assert.deepEqual(place.letters(), []);
    assert.equal(bridge.lines().filter(({ event }) => event === 'disconnected').length, 0);
  },
);

serverTest(
  'a letter that fails again is the same letter: its attempts are added up, its error is the new one',
  SERVERS,
  async () => {
    await using place = await letterFixture({ route: { retry: { attempts: 2, backoff: '1ms..2ms' } } });
    await place.fill(3);
    place.mend("export default () => { throw new Error('worse'); };");
    const { code, out } = await place.dlq('replay', '--id', '2,3', '--json');
    assert.equal(code, 2, out);
    const { failed, wentThrough, failures } = envelope(out);
    assert.deepEqual([failed, wentThrough], [2, 0]);
    assert.deepEqual(
      (failures as { number: number; attempts: number; code: string }[]).map((one) => [
        one.number,
        one.attempts,
        one.code,
      ]),
      [
        [2, 3, 'TRANSFORM_THREW'],
        [3, 3, 'TRANSFORM_THREW'],
      ],
    );
    assert.deepEqual(
      place.letters().map((letter) => [letter['number'], letter['attempts'], letter['code']]),
      [
        [1, 1, 'TRANSFORM_REJECTED'],
        [2, 3, 'TRANSFORM_THREW'],
        [3, 3, 'TRANSFORM_THREW'],
      ],
    );
  },
);

serverTest(
  'an interrupted replay says what waits, and its repetition sends the rest: each letter once',
  SERVERS,
  async () => {
    await using place = await mended(60);
    const first = await underWay(place, '20/s', '--json');
    first.signal('SIGINT');
    assert.equal(await first.ended(), 3, first.stderr());
    const { wentThrough } = envelope(first.stdout());
    const gone = Number(wentThrough);
    assert.ok(gone >= 5 && gone < 60, first.stdout());
    assert.equal(place.letters().length, 60 - gone);
    assert.equal(await place.fixture.stream.count(), gone);
    await sendsRest(place, 60);
  },
);

serverTest(
  'a replay that is killed repeats at most what was in flight, and where the sink removes duplicates nothing is doubled',
  SERVERS,
  async () => {
    await using place = await mended(60);
    const first = await underWay(place, '50/s');
    first.signal('SIGKILL');
    await first.ended();
    const arrived = await place.fixture.stream.count();
    assert.ok(arrived < 60);
    const left = place.letters().length;
    assert.ok(60 - left <= arrived && arrived - (60 - left) <= 32, `${arrived} arrived, ${left} left`);
    assert.equal((await sendsRest(place, 60))['wentThrough'], left);
    assert.deepEqual(place.letters(), []);
  },
);

serverTest(
  'Ctrl-C on the command stops a running pipeline from sending more letters, and leaves it running',
  SERVERS,
  async () => {
    await using place = await mended(60);
    const bridge = place.run();
    await bridge.said('ready');
    const first = await underWay(place, '20/s', '--json');
    first.signal('SIGINT');
    assert.equal(await first.ended(), 3, first.stderr());
    const gone = Number(envelope(first.stdout())['wentThrough']);
    assert.ok(gone >= 5 && gone < 40, `${gone} went through`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await place.fixture.stream.count(), gone);
    assert.equal(place.letters().length, 60 - gone);
    await sendsRest(place, 60);
  },
);

serverTest(
  'a bridge that is killed while it sends letters through again goes on with the rest at its next start',
  SERVERS,
  async () => {
    await using place = await mended(60);
    const bridge = place.run();
    await bridge.said('ready');
    const command = await underWay(place, '40/s', '--json');
    bridge.signal('SIGKILL');
    await bridge.ended();
    assert.equal(await command.ended(), 3);
    assert.match(command.stdout() + command.stderr(), /is gone: its next start sends/);
    const next = place.run();
    await next.said('ready');
    assert.deepEqual(numbers(await place.fixture.stream.read(60, 30_000)), upTo(60));
    await waitFor(() => place.letters().length === 0, 5000, 'the letters to be gone');
  },
);

serverTest(
  'letters that have expired are refused with what to write, and go through once their expiry is renewed',
  SERVERS,
  async () => {
    await using place = await mended(2, { from: { expires: '1s' } });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const refused = await place.dlq('replay');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /found 2 that have expired: write --renew-expiry 5m/);
    const renewed = await place.dlq('replay', '--renew-expiry', '5m', '--json');
    assert.equal(renewed.code, 0, renewed.err + renewed.out);
    assert.deepEqual(numbers(await place.fixture.stream.read(2)), [1, 2]);
  },
);

serverTest('a replay that the broken function still refuses changes nothing but the count', SERVERS, async () => {
  await using place = await letterFixture();
  await place.fill(2);
  place.mend(BROKEN);
  for (const attempts of [2, 3]) {
    const { code } = await place.dlq('replay');
    assert.equal(code, 2);
    assert.deepEqual(
      place.letters().map((letter) => letter['attempts']),
      [attempts, attempts],
    );
  }
  assert.equal(await place.fixture.stream.count(), 0);
});

serverTest(
  'where the sink cannot be reached the command says so, and the letters are as they were',
  { needs: ['mosquitto', 'nats-process'] },
  async () => {
    await using core = await startNats();
    await using place = await mended(2, {}, core);
    await core.stop();
    const { code, out } = await place.dlq('replay', '--json');
    assert.equal(code, 3);
    assert.match(String(envelope(out)['why']), /^BUS_UNREACHABLE {2}/);
    const listed = envelope((await place.dlq('list', '--json')).out)['letters'] as Record<string, unknown>[];
    assert.deepEqual(
      listed.map(({ replay, attempts }) => [replay, attempts]),
      [
        [undefined, 1],
        [undefined, 1],
      ],
    );
  },
);

serverTest(
  'letters of a route that the file no longer has, and wrong words, are refused with what to write',
  SERVERS,
  async () => {
    await using place = await letterFixture();
    await place.fill(1);
    const file = readFileSync(place.file, 'utf8');
    writeFileSync(place.file, file.replace('"up"', '"other"'));
    const unknown = await place.dlq('replay');
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /found letters of up: choose with --route/);
    writeFileSync(place.file, file.replace('"mqtt"', '"mqqt"'));
    const broken = await place.dlq('list');
    assert.equal(broken.code, 2);
    assert.match(broken.err, /UNKNOWN_BUS/);
    writeFileSync(place.file, file);
    const wrong = await place.dlq('lst');
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /expected list\|show\|replay\|discard\|export, found lst/);
  },
);

for (const trafficClass of ['command', 'audit', 'telemetry'] as const) {
  serverTest(
    `a letter of class ${trafficClass} comes back too, whatever the route remembers of it`,
    SERVERS,
    async () => {
      await using place = await mended(3, {
        route: { class: trafficClass },
        from: trafficClass === 'audit' ? {} : { expires: '5m' },
      });
      const { code, out, err } = await place.dlq('replay', '--id', '1', '--json');
      assert.equal(code, 0, err + out);
      assert.equal(envelope(out)['wentThrough'], 1);
      assert.deepEqual(numbers(await place.fixture.stream.read(1)), [1]);
      assert.deepEqual(
        place.letters().map((letter) => letter['number']),
        [2, 3],
      );
    },
  );
}
