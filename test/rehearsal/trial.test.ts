import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from '../../runtime/cli/parse-arguments.ts';
import { tryMessages, tryOut } from '../../runtime/cli/try.ts';
import { bodyDiff } from '../../runtime/rehearsal/trial/body-diff.ts';
import { trialLines } from '../../runtime/rehearsal/trial/trial-lines.ts';
import type { Project } from '../harness/project.ts';
import { projectWith, routeOf } from './pipelines.ts';

/** `sluice try` with these arguments, in this process: starting another one takes longer than the trial. */
async function tried(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    isTTY: false,
    write: (text: string | Uint8Array) => {
      written[name] += String(text);
      return true;
    },
  });
  const code = await tryMessages(parseArguments(tryOut, args), { stdout: stream('out'), stderr: stream('err') });
  return { code, ...written };
}

function withLines(project: Project, lines: readonly object[]): string {
  return project.write('day.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

test('a line is a body, or an envelope where it has a body and nothing but words of one', () => {
  const text =
    '{"n":1}\n\n{"body":{"n":2},"key":"a","headers":{"x":["y"]},"at":"5s"}\n{"body":1,"other":2}\n[1]\n{"base64":"aGk="}\n';
  const [plain, enveloped, other, list, bytes, ...rest] = trialLines(text, 'f');
  assert.deepEqual(rest, []);
  assert.deepEqual([plain?.body, plain?.line], [{ n: 1 }, 1]);
  assert.deepEqual(enveloped, {
    line: 3,
    body: { n: 2 },
    options: { key: 'a', headers: { x: ['y'] } },
    madeMs: undefined,
    afterMs: 5000,
  });
  assert.deepEqual(other?.body, { body: 1, other: 2 });
  assert.deepEqual(list?.body, [1]);
  assert.equal(String(bytes?.body), 'hi');
});

test('a line that sluice tail --json has printed is a message, with the time that it tells', () => {
  const printed = {
    time: '2026-11-28T03:00:00.000Z',
    expires: '2026-11-28T03:00:30.000Z',
    retained: true,
    side: 'sink',
    address: 'a/b',
    text: 'hello',
  };
  const [line] = trialLines(JSON.stringify(printed), 'f');
  assert.deepEqual(line?.body, Buffer.from('hello'));
  assert.deepEqual(line?.options, { address: 'a/b', contentType: 'text/plain' });
  assert.equal(line?.madeMs, Date.parse(printed.time));
});

test('a line that cannot be read is named with what belongs there', () => {
  assert.throws(() => trialLines('{}\nx', 'f'), /f:2: expected a JSON value/);
  assert.throws(() => trialLines('{"body":1,"key":2}', 'f'), /f:1: expected a text as key/);
  assert.throws(() => trialLines('{"body":1,"at":"soon"}', 'f'), /RFC 3339/);
  assert.throws(() => trialLines('{"body":1,"headers":{"x":1}}', 'f'), /headers/);
});

test('a diff names each value that went or came by its pointer', () => {
  assert.deepEqual(bodyDiff({ a: 1, b: { c: [1, 2] }, same: 'x' }, { b: { c: [1, 3] }, same: 'x', 'd/e': null }), [
    { sign: '-', at: '/a', value: '1' },
    { sign: '-', at: '/b/c/1', value: '2' },
    { sign: '+', at: '/b/c/1', value: '3' },
    { sign: '+', at: '/d~1e', value: 'null' },
  ]);
});

const CHANGED = { stages: [{ filter: 'body.n != 2' }, { function: 'canonical' }] };

test('try shows what each stage does to each message, where it goes, and how it ends', async () => {
  using project = projectWith([routeOf('command', CHANGED)]);
  const lines = [{ key: 'a', n: 1 }, { key: 'a', n: 2 }, { n: 3 }, { body: { key: 'b', n: 4 }, label: 'x' }];
  const pipeline = project.path('pipelines/orders.yaml');
  const { code, out } = await tried([pipeline, '--in', withLines(project, lines)]);
  assert.equal(code, 0);
  assert.match(
    out,
    /^line 1 {2}command {2}in\/command {2}key a\n {2}filter 1 .*unchanged\n {2}function canonical .*\n {4}\+ \/calls: 1\n {2}-> out\/command at core, key a {2}sluice-hops=1\n/,
  );
  assert.match(out, /line 2 .*\n {2}filter 1 .* dropped: filter\n {2}dropped: filter\n/);
  assert.match(out, /line 3 .*\n {2}dead letter: KEY_MISSING: /);
  assert.match(out, /line 4 .*label x\n/);
  assert.match(out, /command \(command\): 4 read, 2 delivered, 1 dropped, 1 dead letter \(KEY_MISSING 1, filter 1\)\n/);
});

test('an outage is told by class: kept, superseded, expired, the order and how late', async () => {
  using project = projectWith([
    routeOf('telemetry'),
    routeOf('command', { from: { bus: 'field', topics: ['in/command'], key: '{body.key}', expires: '10s' } }),
    routeOf('event'),
  ]);
  const lines = Array.from({ length: 90 }, (_, n) => ({
    body: { key: `k${n % 2}`, n },
    address: `in/${['telemetry', 'command', 'event'][n % 3] ?? ''}`,
    at: `${n}s`,
  }));
  const args = [project.path('pipelines/orders.yaml'), '--in', withLines(project, lines), '--outage', 'core:30s@30s'];
  const { out } = await tried([...args, '--show', '0', '--json']);
  const { ok, outages } = JSON.parse(out) as { ok: boolean; outages: Record<string, unknown>[] };
  assert.equal(ok, true);
  const of = (name: string) => outages.find(({ route }) => route === name) ?? {};
  assert.equal(of('event')['kept'], 10);
  assert.equal(of('event')['order'], 'oldest first');
  assert.equal(of('command')['sent'], 10);
  assert.equal(Number(of('command')['kept']) + Number(of('command')['expired']), 10);
  assert.ok(Number(of('command')['expired']) > 0);
  assert.deepEqual([of('telemetry')['kept'], of('telemetry')['superseded']], [2, 8]);
  assert.ok((of('event')['lateMs'] as { most: number }).most >= 27_000);
});

test('golden results are the same at every run, and a difference is convicted', async () => {
  using project = projectWith([routeOf('event', CHANGED)]);
  const input = withLines(project, [
    { key: 'a', n: 1 },
    { key: 'a', n: 2 },
  ]);
  const args = [project.path('pipelines/orders.yaml'), '--in', input, '--golden', project.path('golden')];
  assert.equal((await tried([...args, '--update'])).code, 0);
  assert.equal((await tried(args)).code, 0);
  project.write('functions/canonical.ts', 'export default (body: object) => ({ ...body, calls: 7 });');
  const { code, out } = await tried(args);
  assert.equal(code, 4);
  assert.match(out, /orders\.golden\.jsonl differs; --update writes it anew\n- .*calls.*1.*\n\+ .*calls.*7/);
});

test('what try cannot do is invalid input, as text and as an object', async () => {
  using project = projectWith([routeOf('event'), routeOf('audit')]);
  const pipeline = project.path('pipelines/orders.yaml');
  const input = withLines(project, [{ key: 'a', n: 1 }]);
  const refused = await tried([pipeline, '--in', input]);
  assert.deepEqual([refused.code, refused.out], [2, '']);
  assert.match(refused.err, /line 1: expected a message for one of the routes event, audit, .*--route/);
  const open = { bus: 'field', topics: ['in/+'], key: '{body.key}' };
  using another = projectWith([routeOf('audit', { from: open })]);
  const unnamed = await tried([another.path('pipelines/orders.yaml'), '--in', input]);
  assert.match(
    unnamed.err,
    /line 1: expected the address of .*, because field is read at in\/\+: write --address, or /,
  );
  const json = await tried([pipeline, '--in', input, '--outage', 'core', '--json']);
  assert.equal(json.code, 2);
  const { ok, error } = JSON.parse(json.out) as { ok: boolean; error: { message: string } };
  assert.equal(ok, false);
  assert.match(error.message, /core:30s@10s/);
});
