import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMessageLine } from '../../../runtime/codecs/message-line.ts';
import { serverTest } from '../../harness/server-test.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { SERVERS } from '../../host/fixture.ts';
import { envelope, letterFixture } from './dlq-fixture.ts';

const SCHEMA = {
  type: 'object',
  properties: { at: { type: 'object', properties: { lat: { type: 'number', maximum: 90 } } } },
};

serverTest('list filters by route, code, key, time and number, and says how many there are', SERVERS, async () => {
  await using place = await letterFixture();
  const bridge = place.run();
  await bridge.said('ready');
  await place.publishBad(2, 'a');
  await place.publishBad(1, 'b');
  await place.fixture.publisher.publish('in/c', 'no json');
  await bridge.said('dead-letter', 4);
  const found = async (...args: readonly string[]): Promise<number[]> => {
    const { code, out, err } = await place.dlq('list', '--json', ...args);
    assert.equal(code, 0, err);
    const { ok, total, letters } = envelope(out) as { ok: boolean; total: number; letters: { number: number }[] };
    assert.deepEqual([ok, total], [true, letters.length]);
    return letters.map((letter) => letter.number);
  };
  assert.deepEqual(await found(), [1, 2, 3, 4]);
  assert.deepEqual(await found('--key', 'a'), [1, 2]);
  assert.deepEqual(await found('--key', 'a', '--key', 'b'), [1, 2, 3]);
  assert.deepEqual(await found('--code', 'DECODE_FAILED'), [4]);
  assert.deepEqual(await found('--id', '2-3,4', '--code', 'TRANSFORM_REJECTED'), [2, 3]);
  const { letters } = envelope((await place.dlq('list', '--json')).out) as {
    letters: { number: number; id: string }[];
  };
  for (const { number, id } of letters) assert.deepEqual(await found('--message-id', id), [number], id);
  assert.deepEqual(await found('--message-id', letters[0]?.id ?? '', '--message-id', letters[3]?.id ?? ''), [1, 4]);
  assert.deepEqual(await found('--message-id', 'none'), []);
  assert.match((await place.dlq('list', '--id', letters[0]?.id ?? '')).err, /number of a letter.*--message-id/);
  assert.deepEqual(await found('--code', 'STALE'), []);
  assert.deepEqual(await found('--since', '1h'), [1, 2, 3, 4]);
  assert.deepEqual(await found('--until', '1h'), []);
  assert.deepEqual(await found('--since', '2026-01-01T00:00:00Z', '--until', '2999-01-01T00:00:00Z'), [1, 2, 3, 4]);
  for (const [option, name, near] of [
    ['--route', 'upp', /expected --route with one of up, found upp; did you mean up\?/],
    ['--code', 'DECODE_FALED', /expected --code with .*, found DECODE_FALED; did you mean DECODE_FAILED\?/],
  ] as const) {
    const { code, err } = await place.dlq('list', option, name);
    assert.equal(code, 2);
    assert.match(err, near);
  }
  const { out } = await place.dlq('list', '--limit', '2');
  assert.match(
    out,
    /^NUMBER +DIED \(UTC\) +ROUTE +CODE +LABEL +KEY +TRIES +BYTES +REPLAY +TEXT\n3 .*\n4 .*no JSON.*\nThe last 2 of 4/,
  );
  for (const wrong of [['--since', 'soon'], ['--id', 'x'], ['--limit', '0'], ['--rate', '5'], ['--nonsense']]) {
    const { code } = await place.dlq(wrong[0] === '--rate' ? 'replay' : 'list', ...wrong);
    assert.equal(code, 2, wrong.join(' '));
  }
});

serverTest('show prints every field and marks the place that the schema refused', SERVERS, async () => {
  await using place = await letterFixture({
    files: { 'schemas/s.json': SCHEMA },
    route: { stages: [{ validate: 's' }] },
  });
  const bridge = place.run();
  await bridge.said('ready');
  const userProperties = { seclabel: 'S;REL=A' };
  await place.fixture.publisher.publish('in/k', '{"n":1,"at":{"lon":2,"lat":99}}', { userProperties });
  await place.fixture.publisher.publish('in/k', '\u001B[31m no json');
  await place.fixture.publisher.publish('in/k', Buffer.from([0, 255, 65]));
  await bridge.said('dead-letter', 3);
  const { code, out } = await place.dlq('show', '1');
  assert.equal(code, 0);
  assert.match(
    out,
    /^letter 1\n {2}code +SCHEMA_INVALID\n {2}text +expected a body of schema s, found \/at\/lat against/,
  );
  for (const line of [
    /schema +s\n/,
    /pointer +\/at\/lat\n/,
    /label +S;REL=A\n/,
    /key +k\n/,
    /id +bridge\/up\//,
    /attempts +1\n/,
  ]) {
    assert.match(out, line);
  }
  assert.match(out, /\n {4}"at": \{\n {6}"lon": 2\n {6}"lat": 99 {2}<-- here\n/);
  const rest = (await place.dlq('show', '2', '3')).out;
  assert.match(rest, /body \(text, 13 bytes\)\n {2}\\u001b\[31m no json\n/);
  assert.match(rest, /body \(hex, 3 bytes\)\n {2}00000000 {2}00 ff 41 +\.\.A\n/);
  const json = envelope((await place.dlq('show', '1', '--json')).out);
  const [letter] = json['letters'] as Record<string, unknown>[];
  assert.equal(letter?.['pointer'], '/at/lat');
  assert.equal((await place.dlq('show', '77')).code, 2);
});

serverTest(
  'discard asks first, then removes what is meant and counts it; export gives every byte back',
  SERVERS,
  async () => {
    await using place = await letterFixture();
    const bridge = place.run('--admin', '127.0.0.1:0');
    await bridge.said('ready');
    const { url } = await bridge.said('admin');
    await place.publishBad(3, 'a');
    await place.publishBad(2, 'b');
    await bridge.said('dead-letter', 5);
    const lines = (await place.dlq('export')).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map((line) => [line.number, JSON.parse(Buffer.from(line.body, 'base64').toString()).n]),
      [1, 2, 3, 4, 5].map((number) => [number, number]),
    );
    assert.deepEqual(
      lines[0].headers.find(([name]: [string]) => name === 'seclabel'),
      ['seclabel', ['S;REL=A']],
    );
    const file = join(place.state, 'letters.jsonl');
    await place.dlq('export', '--out', file, '--key', 'b');
    assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 2);
    const [message = ''] = (await place.dlq('export', '--messages', '--key', 'a')).out.split('\n');
    const { body, headers, id: _, ...rest } = readMessageLine(message);
    assert.deepEqual(
      [JSON.parse(String(Buffer.from(body ?? []))), headers.get('odd'), rest],
      [
        { n: 1, bad: true },
        ['a b'],
        { address: 'in/a', contentType: 'application/json', key: undefined, label: 'S;REL=A' },
      ],
    );
    const asked = await place.dlq('discard', '--key', 'a');
    assert.deepEqual([asked.code, place.letters().length], [2, 5]);
    assert.match(asked.err, /expected --yes, for 3 letters/);
    const done = await place.dlq('discard', '--key', 'a', '--yes', '--json');
    assert.deepEqual([done.code, envelope(done.out)['discarded'], place.letters().length], [0, 3, 2]);
    // The bridge looks at its store now and then.
    const scraped = async (): Promise<string> => (await fetch(`${String(url)}/metrics`)).text();
    const count = /sluice_deadletter_stored\{sluice_pipeline_name="bridge",sluice_route_name="up"\} 2\n/;
    await waitFor(async () => count.test(await scraped()), 5000, 'the bridge to know of the discard');
    const metrics = await scraped();
    assert.match(metrics, count);
    assert.match(
      metrics,
      /sluice_deadletter_discarded_total\{sluice_pipeline_name="bridge",sluice_route_name="up",sluice_cause="operator"\} 3\n/,
    );
    assert.match(metrics, /sluice_deadletter_oldest_timestamp\{[^}]*\} 1\d{9}\.?\d*\n/);
  },
);

serverTest(
  'where no pipeline has run every word of dlq ends with 3, and where no letter was written with 0',
  SERVERS,
  async () => {
    await using place = await letterFixture();
    const words = ['list', 'replay', 'discard', 'export'];
    for (const word of words) {
      const { code, err } = await place.dlq(word);
      assert.equal(code, 3);
      assert.match(err, /STATE_MISSING/);
    }
    const bridge = place.run();
    await bridge.said('ready');
    for (const word of words) {
      const { code, out } = await place.dlq(word);
      assert.equal(code, 0);
      assert.match(out, word === 'export' ? /^$/ : /There are no (dead|such) letters/);
    }
  },
);
