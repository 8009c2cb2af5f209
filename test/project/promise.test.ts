import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Guarantees } from '../../runtime/contract/bus.ts';
import { explainRoute, explanationText } from '../../runtime/project/explain/explain-route.ts';
import { promiseOf, type PromiseFacts } from '../../runtime/project/explain/route-promise.ts';
import { checkedFile } from './checked-file.ts';

const END: Guarantees = {
  confirms: 'stored',
  redelivers: true,
  stamps: 'server',
  ordered: 'address',
  carriesHeaders: true,
  carriesKey: false,
  carriesExpiry: true,
  carriesNull: false,
  deduplicates: false,
  recoversIds: false,
  notes: [],
};

function promise(facts: Partial<PromiseFacts>) {
  return promiseOf({
    trafficClass: 'event',
    source: END,
    sink: END,
    stated: { source: undefined, sink: undefined },
    hasKey: false,
    hasSpool: false,
    ...facts,
  });
}

test('the grade of a route is that of its weakest point', () => {
  assert.equal(promise({}).grade, 'G2');
  assert.equal(promise({ sink: { ...END, confirms: 'received' } }).grade, 'G1');
  assert.equal(promise({ source: { ...END, redelivers: false } }).grade, 'G0');
  const replicated: Guarantees = { ...END, confirms: 'replicated' };
  assert.equal(promise({ source: replicated, sink: replicated }).grade, 'G4');
  assert.equal(promise({ source: replicated, sink: replicated, hasSpool: true }).grade, 'G3', 'one disk of ours');
});

test('what the file states of a server lifts an end, and never lowers it', () => {
  assert.equal(promise({ stated: { source: 'G3', sink: 'G4' } }).grade, 'G3');
  assert.equal(promise({ stated: { source: 'G1', sink: 'G1' } }).grade, 'G2');
});

test('what may arrive twice after a crash follows from the sink, the source and the class', () => {
  assert.equal(promise({}).duplicates, 'window');
  assert.equal(promise({ trafficClass: 'command' }).duplicates, 'last');
  assert.equal(promise({ trafficClass: 'audit' }).duplicates, 'marked');
  assert.equal(promise({ sink: { ...END, deduplicates: true } }).duplicates, 'none');
  assert.equal(promise({ source: { ...END, redelivers: false } }).duplicates, 'none', 'nothing comes again');
});

test('order is the narrower one of the two ends', () => {
  assert.equal(promise({}).order, 'address');
  assert.equal(promise({ hasKey: true }).order, 'key');
  assert.equal(promise({ source: { ...END, ordered: 'none' } }).order, 'none');
});

function check(route: object) {
  const file = {
    name: 'p',
    buses: {
      field: { bus: 'mqtt', url: 'mqtt://h:1' },
      core: { bus: 'jetstream', url: 'nats://h:1' },
      work: { bus: 'rabbitmq', url: 'amqp://h:1' },
      loose: { bus: 'nats', url: 'nats://h:1' },
    },
    routes: [{ name: 'r', ...route }],
  };
  return checkedFile(file, { mode: 'run' });
}

function errorsOf(route: object): string[] {
  return check(route)
    .findings.filter(({ severity }) => severity === 'error')
    .map(({ code, path, found, write }) => `${code} ${path}: ${found} -> ${write}`);
}

const FIELD = { bus: 'field', topics: ['a/+'], key: '{topic.1}' };
const STREAM = { bus: 'core', stream: 'S', key: '{subject.1}' };

test('a route that cannot keep what it must does not start, and hears which end falls short and what would lift it', () => {
  const [grade, ...others] = errorsOf({
    from: FIELD,
    to: { bus: 'core', stream: 'S', subject: 'a' },
    promise: { grade: 'G3', order: 'key', duplicates: 'none' },
  });
  assert.deepEqual(others, []);
  assert.match(grade ?? '', /^PROMISE_UNMET \/routes\/0\/promise\/grade: G1: from is G1, to is G2 -> .*quorum/);
  const [duplicates] = errorsOf({
    from: STREAM,
    to: { bus: 'field', topic: 'b' },
    promise: { duplicates: 'last' },
  });
  assert.match(duplicates ?? '', /^PROMISE_UNMET .*duplicates: window: .* -> class: command/);
  const [order] = errorsOf({ from: STREAM, to: { bus: 'field', topic: 'b' }, promise: { order: 'address' } });
  assert.match(order ?? '', /^PROMISE_UNMET .*order: order per key/);
});

test('a route that keeps what it must starts', () => {
  const queue = { bus: 'work', queue: 'q', type: 'quorum' };
  assert.deepEqual(
    errorsOf({ from: { ...STREAM, grade: 'G4' }, to: queue, promise: { grade: 'G3', order: 'key' } }),
    [],
  );
  const command = { class: 'command', from: { ...STREAM, expires: '1m' }, to: queue };
  assert.deepEqual(errorsOf({ ...command, promise: { duplicates: 'last' } }), []);
});

test('each class is refused where an end cannot keep it, with a class that it can', () => {
  const loose = { bus: 'loose', subjects: ['a.*'], key: '{subject.1}' };
  const queue = { bus: 'work', queue: 'q' };
  const [command] = errorsOf({ class: 'command', from: { ...loose, expires: '1m' }, to: queue });
  assert.match(command ?? '', /^CLASS_UNKEPT \/routes\/0\/class: from: .*lost -> class: telemetry or event$/);
  const [audit] = errorsOf({ class: 'audit', from: STREAM, to: { bus: 'field', topic: 'a', qos: 0 } });
  assert.match(audit ?? '', /^CLASS_UNKEPT .*to: it does not confirm.* -> class: telemetry or event$/);
  const shared = { bus: 'work', queue: 'q', shared: true, key: '{header.unit}' };
  const [telemetry] = errorsOf({ class: 'telemetry', from: shared, to: { bus: 'core', stream: 'S', subject: 'a' } });
  assert.match(telemetry ?? '', /no order and no sequence.* -> class: event or audit$/);
  const sequenced = { ...shared, sequence: '{body.n}' };
  assert.deepEqual(
    errorsOf({ class: 'telemetry', from: sequenced, to: { bus: 'core', stream: 'S', subject: 'a' } }),
    [],
  );
});

test('explain says for each class what the table says', () => {
  const said = (trafficClass: string, more: object = {}, words: object = {}): string => {
    const { spec, findings } = check({
      class: trafficClass,
      from: { ...STREAM, ...(trafficClass === 'command' ? { expires: '90s' } : {}), ...more },
      to: { bus: 'field', topic: 'b' },
      ...words,
    });
    const [route] = spec?.routes ?? [];
    assert.ok(route, JSON.stringify(findings));
    return explanationText([explainRoute(route, END, [{ ...END, confirms: 'received' }])]);
  };
  assert.match(
    said('telemetry'),
    /sink is slow or away +the newest message of each key is kept, older ones are superseded/,
  );
  assert.match(said('telemetry'), /up to 16384 messages/);
  assert.match(said('telemetry'), /message expires .* counted/);
  assert.match(said('command'), /grade +G1/);
  assert.match(said('command'), /bridge is killed .* at most the last message of each key/);
  assert.match(
    said('command'),
    /message expires +after 90 s, or earlier where the bus says so, counted from when the server/,
  );
  assert.match(said('command', { sequence: '{body.n}' }), /comes late +a dead letter \(STALE\)/);
  assert.match(said('event'), /runs in a circle +a dead letter \(LOOP_DETECTED\) once it has passed 16 routes/);
  assert.match(said('event', { maxHops: 40 }), /passed 40 routes/);
  assert.match(said('audit'), /header replayed/);
  assert.match(
    said('event', {}, { spool: { max: '2GiB' } }),
    /slow or away +all messages lie in the spool .* beyond 2048 MiB/,
  );
  assert.match(said('telemetry', {}, { spool: { max: '2GiB' } }), /the newest message of each key lies in the spool/);
  assert.match(said('event', { dedupe: { by: '{header.msgid}' } }), /within 600 s are dropped/);
});
