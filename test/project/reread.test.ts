import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BusEvent } from '#contract/bus.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { rabbitmq } from '../../runtime/buses/rabbitmq/index.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { openingOptions } from '../../runtime/host/end-options.ts';
import { referenceReader } from '../../runtime/project/project-files.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { recordedContext } from '../buses/nats/ends.ts';

type Files = Record<string, string | undefined>;

const PIPELINE = {
  name: 'p',
  buses: {
    mq: {
      bus: 'rabbitmq',
      url: 'amqps://h',
      username: 'bridge',
      password: 'env:PASSWORD|file:password',
      tls: { ca: 'file:ca.pem' },
    },
    hub: { bus: 'memory', hub: 'h' },
  },
  routes: [{ name: 'r', from: { bus: 'mq', queue: 'q' }, to: { bus: 'hub', address: 'out' } }],
};

function checked(files: Files, environment: Record<string, string> = {}) {
  return checkPipeline({
    text: JSON.stringify(PIPELINE),
    file: 'p.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment,
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw new Error(`no such file as s3cret ${path}`);
      return text;
    },
    mode: 'run',
  });
}

/** What a driver of the source gets, and what was reported meanwhile. */
function opened(files: Files, environment?: Record<string, string>) {
  const { spec, findings } = checked(files, environment);
  const [route] = spec?.routes ?? [];
  assert.ok(spec && route, JSON.stringify(findings));
  const context = recordedContext({ connection: 'mq' });
  const options: { reread?: () => Record<string, unknown> } = openingOptions(spec, route.from, rabbitmq, context);
  return { ...options, events: context.events };
}

const FILES = { password: 'first\n', 'ca.pem': 'CA 1\n' };

function problems(events: readonly BusEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'problem' ? [`${event.error.code} ${event.error.message}`] : []));
}

test('what a connection takes from files is read anew each time, and nothing else of it changes', () => {
  const files: Files = { ...FILES };
  const { reread, events } = opened(files);
  const before = reread?.();
  assert.deepEqual([before?.['password'], before?.['tls']], ['first', { ca: 'CA 1' }]);
  Object.assign(files, { password: 'second\r\n', 'ca.pem': 'CA 2' });
  assert.deepEqual(reread?.(), { ...before, password: 'second', tls: { ca: 'CA 2' } });
  assert.deepEqual(problems(events), []);
});

test('a variable may name the file, and its value is shown nowhere', () => {
  const files: Files = { 'ca.pem': 'CA', '/run/p4th': 'first' };
  const { reread, events } = opened(files, { PASSWORD: 'file:/run/p4th' });
  files['/run/p4th'] = 'second';
  assert.equal(reread?.()['password'], 'second');
  files['/run/p4th'] = undefined;
  reread?.();
  assert.deepEqual(problems(events), [
    'BUS_FILE mq: password: what env:PASSWORD names cannot be read; the values read before stay in use',
  ]);
  assert.doesNotMatch(JSON.stringify(checked({ 'ca.pem': 'CA' }, { PASSWORD: 'file:/run/p4th' }).findings), /p4th/);
});

test('a file that is gone, empty or no longer fits is said with its name, and what it held before stays', () => {
  const files: Files = { ...FILES };
  const { reread, events } = opened(files);
  Object.assign(files, { password: '\n', 'ca.pem': undefined });
  assert.deepEqual([reread?.()['password'], reread?.()['tls']], ['first', { ca: 'CA 1' }]);
  assert.deepEqual(
    [...new Set(problems(events))],
    [
      'BUS_FILE mq: password: what the default of env:PASSWORD names is empty; the values read before stay in use',
      'BUS_FILE mq: tls.ca: what file:ca.pem names cannot be read; the values read before stay in use',
    ],
  );
  assert.doesNotMatch(JSON.stringify(events), /s3cret|first|CA 1/);
  Object.assign(files, { password: 'second', 'ca.pem': 'CA 2' });
  assert.deepEqual([reread?.()['password'], reread?.()['tls']], ['second', { ca: 'CA 2' }]);
});

test('a connection that names no file is not read again', () => {
  const words = { ...PIPELINE, buses: { ...PIPELINE.buses, mq: { bus: 'rabbitmq', url: 'amqp://h' } } };
  const { spec } = checkPipeline({
    text: JSON.stringify(words),
    file: 'p.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  assert.equal(spec?.connections.get('mq')?.reread, undefined);
});

test('an empty file is refused at the start as a missing one is, at its place', () => {
  const { findings } = checked({ ...FILES, password: '' });
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error').map(({ code, path, found }) => [code, path, found]),
    [['FILE_UNREADABLE', '/buses/mq/password', 'the default of env:PASSWORD, and the file that it names is empty']],
  );
});

test('a pipe is read once and keeps its content; a file is read each time', () => {
  using folder = temporaryFolder('pipe');
  const pipe = join(folder.path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  spawn('sh', ['-c', `printf once > "${pipe}"`], { stdio: 'ignore' });
  const read = referenceReader(folder.path);
  assert.deepEqual([read('pipe'), read('pipe')], ['once', 'once']);
  writeFileSync(join(folder.path, 'file'), 'one');
  assert.equal(read('file'), 'one');
  writeFileSync(join(folder.path, 'file'), 'two');
  assert.equal(read('file'), 'two');
});
