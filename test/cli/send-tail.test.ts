import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Arguments } from '../../runtime/cli/command.ts';
import { UsageError } from '../../runtime/cli/command.ts';
import { framesOf } from '../../runtime/cli/send-messages.ts';
import { sendPlace } from '../../runtime/cli/send-place.ts';
import { tailPlace } from '../../runtime/cli/tail-place.ts';
import { TailReader } from '../../runtime/cli/tail-reader.ts';
import { tailRules } from '../../runtime/cli/tail-rules.ts';
import { startOption } from '../../runtime/cli/tail-start.ts';
import type { Delivery } from '../../runtime/contract/delivery.ts';
import type { Frame } from '../../runtime/contract/frame.ts';
import type { Sink } from '../../runtime/contract/sink.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';
import { sendAll } from '../../runtime/ends/hand-sender.ts';
import { newProject } from '../harness/project.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { frameForTest } from '../harness/test-frame.ts';

const project = newProject({
  'messages.jsonl':
    '{"n":1}\n\n{"body":{"n":2},"key":"b","label":"S","headers":{"x":"y"}}\n{"text":"three","address":"a/3/b"}\n',
  'wrong.jsonl': '{"n":1}\nnonsense\n',
  'p.yaml': {
    name: 'p',
    buses: {
      field: { bus: 'mqtt', url: 'mqtt://h:1883' },
      old: { bus: 'mqtt', url: 'mqtt://h:1883', protocol: '3.1.1' },
      core: { bus: 'jetstream', url: 'nats://h:4222' },
      log: { bus: 'kafka', brokers: ['h:9092'] },
      work: { bus: 'rabbitmq', url: 'amqp://h' },
      here: { bus: 'memory', hub: 'h' },
    },
    routes: [
      { name: 'keyed', from: { bus: 'field', topics: ['a/+/b'], key: '{topic.1}' }, to: { bus: 'log', topic: 'out' } },
      {
        name: 'wide',
        from: { bus: 'field', topics: ['w/+/#'], key: '{header.k}' },
        to: { bus: 'log', topic: 't-{key}' },
      },
      {
        name: 'old',
        from: { bus: 'old', topics: ['old'], key: '{body.id}' },
        to: { bus: 'core', stream: 'S', subject: 's.{key}' },
      },
      {
        name: 'head',
        from: {
          bus: 'work',
          queue: 'q',
          exchange: 'e',
          exchangeType: 'topic',
          bind: [{ routingKey: 'k.#' }],
          key: '{header.unit}',
        },
        to: { bus: 'work', queue: 'r' },
      },
      { name: 'inside', from: { bus: 'here', addresses: ['x'] }, to: { bus: 'here', address: 'y' } },
    ],
  },
});
after(() => project[Symbol.dispose]());
const FILE = project.path('p.yaml');

function given(positionals: readonly string[], values: Arguments['values'] = {}): Arguments {
  return { positionals, values };
}

async function framesFor(...args: Parameters<typeof given>): Promise<readonly Frame[]> {
  const all = given(...args);
  const place = await sendPlace(all);
  const frames: Frame[] = [];
  for await (const frame of framesOf(all, place, new AbortController().signal)) frames.push(frame);
  return frames;
}

const refused = (what: Promise<unknown>, message: RegExp): Promise<void> =>
  assert.rejects(
    what,
    (thrown) => thrown instanceof UsageError && message.test(thrown.message),
    `refused with ${message}`,
  );

const bodyOf = ({ body }: Frame): string => Buffer.from(body ?? []).toString();

void describe('sluice send', () => {
  void test('into a route, the key stands where the route reads it', async () => {
    const [keyed] = await framesFor([FILE, '{"n":1.0}'], {
      route: 'keyed',
      key: 'v1',
      label: 'S',
      header: ['x=1', 'x=2'],
    });
    assert.ok(keyed !== undefined);
    assert.deepEqual(
      [keyed.address, bodyOf(keyed), keyed.contentType, keyed.headers.get('seclabel'), keyed.headers.get('x')],
      ['a/v1/b', '{"n":1.0}', 'application/json', ['S'], ['1', '2']],
    );
    const [head] = await framesFor([FILE, 'text'], { route: 'head', address: 'k.1', key: 'u' });
    assert.deepEqual([head?.address, head?.headers.get('unit'), head?.contentType], ['k.1', ['u'], 'text/plain']);
    const [wide] = await framesFor([FILE, '1'], { route: 'wide', address: 'w/1/2/3' });
    assert.equal(wide?.address, 'w/1/2/3');
  });

  void test('a file has one message a line, and an envelope overrides what options say', async () => {
    const file = project.path('messages.jsonl');
    const frames = await framesFor([FILE], { route: 'keyed', key: 'a', file });
    assert.deepEqual(
      frames.map((frame) => [frame.address, bodyOf(frame), frame.headers.get('x')?.[0]]),
      [
        ['a/a/b', '{"n":1}', undefined],
        ['a/b/b', '{"n":2}', 'y'],
        ['a/3/b', 'three', undefined],
      ],
    );
    assert.equal((await framesFor([FILE], { route: 'keyed', key: 'a', file, count: '2' })).length, 2);
    assert.equal((await framesFor(['kafka://h:9092/t', 'x'], { count: '3' })).length, 3);
  });

  void test('by a URL or a connection a message goes anywhere', async () => {
    const places: readonly (readonly [readonly string[], Arguments['values'], string])[] = [
      [['mqtt://h/a/{key}'], { key: 'k/1' }, 'a/k%2F1'],
      [['jetstream://h/S/a.b'], {}, 'a.b'],
      [['amqp://h/?exchange=e&routingKey=x.{key}'], { key: 'k' }, 'x.k'],
      [[FILE], { connection: 'work', address: 'q' }, 'q'],
      [[FILE], { connection: 'work', address: 'e/a.b' }, 'a.b'],
      [[FILE], { connection: 'core', address: 'S/a.b' }, 'a.b'],
      [[FILE], { connection: 'log', address: 'topic' }, 'topic'],
    ];
    for (const [words, values, address] of places) {
      const [frame] = await framesFor([...words, 'x'], values);
      assert.equal(frame?.address, address);
    }
  });

  void test('what would not arrive where it should is refused, with what to write', async () => {
    const wrong: readonly (readonly [readonly string[], Arguments['values'], RegExp])[] = [
      [[FILE, '1'], { route: 'keyed' }, /expected --key: the address is a\/\{key\}\/b/],
      [[FILE, '1'], { route: 'keyed', address: 'z' }, /route keyed does not read z; it reads a\/\+\/b/],
      [[FILE, '1'], { route: 'wide' }, /expected --address, or "address" in the message: the route reads w\/\+\/#/],
      [[FILE, '1'], { route: 'old', key: 'k' }, /takes its key from \{body\.id\}; write it there/],
      [
        [FILE, '1'],
        { route: 'old', label: 'S' },
        /carries headers and labels, found mqtt without them; it does with protocol: "5"/,
      ],
      [[FILE, '1'], { route: 'head', address: 'z.1' }, /route head does not read z\.1/],
      [[FILE, '1'], { route: 'inside' }, /is of the bus memory, which is in the process that runs the pipeline/],
      [[FILE, '1'], {}, /expected --route with one of keyed, wide, old, head, inside, or --connection/],
      [[FILE, '1'], { connection: 'feild', address: 'x' }, /found feild; did you mean field/],
      [[FILE], { route: 'keyed', key: 'a', file: project.path('wrong.jsonl') }, /wrong\.jsonl, line 2: expected JSON/],
      [[FILE], { route: 'keyed', key: 'a', file: project.path('none') }, /expected messages in .*none, found ENOENT/],
      [['mqtt://h/a', '1'], { key: 'k' }, /mqtt carries no keys; write \{key\}/],
      [['mqtt://h/a', '1'], { label: ' x' }, /--label/],
      [['mqtt://h/a', '1'], { header: ['x'] }, /expected --header NAME=VALUE, found x/],
      [['mqtt://h/a#', '1'], {}, /a wildcard/],
      [['mqtt://h/a'], {}, /expected a body, - for standard input, or --file/],
      [['http://h/a', '1'], {}, /expected a pipeline file or mqtt:\/\//],
      [['mqtt://h/a', '1'], { route: 'x' }, /expected --route beside a pipeline file, found a URL/],
    ];
    for (const [words, values, message] of wrong) await refused(framesFor(words, values), message);
  });

  void test('the sending ends at the first message that is not confirmed, and counts the others', async () => {
    const down = new SluiceError('SINK_DOWN', 'gone');
    let sent = 0;
    const sink: Sink = {
      maxInFlight: 2,
      send() {
        sent += 1;
        return sent === 3 ? Promise.reject(down) : Promise.resolve(sent === 1 ? 'duplicate' : 'confirmed');
      },
      close: () => Promise.resolve(),
    };
    const frames = Array.from({ length: 10 }, () => frameForTest('a'));
    const { counts, failure } = await sendAll(frames, sink, {
      ratePerSecond: Infinity,
      signal: new AbortController().signal,
    });
    assert.deepEqual([failure?.error, failure?.message], [down, 3]);
    assert.deepEqual([counts.duplicates, counts.unknown, counts.confirmed + 1], [1, 1, counts.sent]);
    assert.ok(sent < 10);
  });
});

void test('a rate is kept, and a signal ends the sending with what was confirmed until then', async () => {
  const stop = new AbortController();
  let sent = 0;
  const sink: Sink = {
    maxInFlight: 100,
    send() {
      sent += 1;
      if (sent === 5) stop.abort();
      return Promise.resolve('confirmed');
    },
    close: () => Promise.resolve(),
  };
  const frames = Array.from({ length: 1000 }, () => frameForTest('a'));
  const beganMs = performance.now();
  const { counts, failure } = await sendAll(frames, sink, { ratePerSecond: 100, signal: stop.signal });
  // The first goes at once. A timer may be a millisecond early.
  assert.ok(performance.now() - beganMs >= 38, 'four pauses of 10 ms');
  assert.deepEqual([counts.sent, counts.confirmed, failure], [5, 5, undefined]);
});

void describe('sluice tail', () => {
  void test('a route is watched at its sink, or at its source', async () => {
    const sink = await tailPlace(given([FILE], { route: 'keyed' }), 'new');
    assert.deepEqual(sink.end.route.from.options['topics'], ['out']);
    const subjects = await tailPlace(given([FILE], { route: 'old' }), 'earliest');
    assert.deepEqual(subjects.end.route.from.options['subjects'], ['s.*']);
    const source = await tailPlace(given([FILE], { route: 'head', side: 'source' }), 'new');
    assert.deepEqual(source.end.route.from.options['bind'], [{ routingKey: 'k.#' }]);
    const free = await tailPlace(given(['amqp://h/?exchange=e&routingKey=a.*']), 'new');
    assert.deepEqual(free.end.route.from.options['bind'], [{ routingKey: 'a.*' }]);
    const whole = await tailPlace(given(['jetstream://h/S']), { time: '2026-01-01T00:00:00Z' });
    assert.equal(whole.end.route.from.options['stream'], 'S');
  });

  void test('what cannot be watched without taking from its readers is refused, and so is a past that no bus keeps', async () => {
    const wrong: readonly (readonly [readonly string[], Arguments['values'], RegExp])[] = [
      [[FILE], { route: 'head' }, /queue r gives each message to one of its readers.*watch the exchange/],
      [['amqp://h/?queue=q'], {}, /gives each message to one of its readers/],
      [[FILE], { route: 'wide' }, /its topic depends on the message; name the place with --connection log --address A/],
      [['mqtt://h/a'], { from: 'earliest' }, /keeps no messages but the retained ones/],
      [['nats://h/a'], { from: 'earliest' }, /core NATS keeps no messages/],
      [['amqp://h/?exchange=e'], { from: 'earliest' }, /exchange e keeps no messages/],
      [[FILE], { route: 'keyed', side: 'middle' }, /expected --side source or sink/],
      [[FILE], { route: 'keyed', sink: '2' }, /expected --sink with a number from 1 to 1/],
      [[FILE], { route: 'inside' }, /bus memory/],
    ];
    for (const [words, values, message] of wrong) {
      const start = values['from'] === 'earliest' ? 'earliest' : 'new';
      await refused(tailPlace(given(words, values), start), message);
    }
  });

  void test('--from is earliest, new, a duration or a moment', () => {
    assert.equal(startOption(undefined, 0), 'new');
    assert.equal(startOption('earliest', 0), 'earliest');
    assert.deepEqual(startOption('30m', 3_600_000), { time: '1970-01-01T00:30:00.000Z' });
    assert.deepEqual(startOption('2026-11-28T10:00:00Z', 0), { time: '2026-11-28T10:00:00Z' });
    assert.throws(() => startOption('yesterday', 0), UsageError);
  });

  void test('a filter sees body, key, address and headers, and one that cannot be evaluated shows nothing', async () => {
    const args = given([FILE], {
      route: 'keyed',
      side: 'source',
      filter: 'body.n > 1 && key == "k" && header.x == "y"',
    });
    const reader = new TailReader(await tailRules(args, await tailPlace(args, 'new')));
    const see = (body: string, headers = new Map([['x', ['y']]])): boolean =>
      reader.read(delivered(frameForTest('a/k/b', body, { headers }))) !== undefined;
    assert.deepEqual(
      [see('{"n":2}'), see('{"n":1}'), see('{"n":2}', new Map()), see('no JSON')],
      [true, false, false, false],
    );
    assert.deepEqual([reader.counts.read, reader.counts.shown], [4, 1]);
    assert.ok(reader.counts.unfiltered >= 1);
    const wrong = given([FILE], { route: 'keyed', filter: 'bdy.n > 1' });
    await refused(tailRules(wrong, await tailPlace(wrong, 'new')), /--filter, character 1: expected .*found bdy/s);
  });
});

const wire = (classification: string): string => `1;p=urn:demo:fleet;c=${classification}`;

void test('a person sees nothing above the clearance, and of a message without a label, or with two, nothing at all', async () => {
  const file = join(REPOSITORY, 'pipelines/fleet-labels.yaml');
  const seen = async (clearance: string | undefined): Promise<readonly boolean[]> => {
    const args = given([file], { route: 'positions', side: 'source', ...(clearance !== undefined && { clearance }) });
    const reader = new TailReader(await tailRules(args, await tailPlace(args, 'new')));
    return [[wire('U')], [wire('R')], [wire('U'), wire('U')], undefined].map((labels) => {
      const headers = new Map(labels === undefined ? [] : [['seclabel', labels] as const]);
      return reader.read(delivered(frameForTest('fleet/v1/position', '{}', { headers }))) !== undefined;
    });
  };
  assert.deepEqual(await seen('U'), [true, false, false, false]);
  assert.deepEqual(await seen('R'), [true, true, false, false]);
  assert.deepEqual(await seen(undefined), [true, true, true, true]);
  const free = given(['mqtt://h/a'], { clearance: 'U' });
  await refused(tailRules(free, await tailPlace(free, 'new')), /expected a pipeline that names a label policy/);
});

function delivered(frame: Frame): Delivery {
  return { id: 'x', frame, attempt: 1, settle: () => {} };
}
