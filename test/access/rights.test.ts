import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { newProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { acl } from '../../runtime/cli/acl.ts';
import { parseArguments } from '../../runtime/cli/parse-arguments.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { type AccessPlan, accessPlans } from '../../runtime/host/access.ts';
import { checkedFile } from '../project/checked-file.ts';
import { sluiceAcl } from './sluice-acl.ts';

const BUSES = {
  n: { bus: 'nats', url: 'nats://127.0.0.1', user: 'u', password: 'p' },
  j: { bus: 'jetstream', url: 'nats://127.0.0.1', user: 'u', password: 'p', inboxPrefix: '_IN' },
  m: { bus: 'mqtt', url: 'mqtt://127.0.0.1', username: 'u', password: 'p' },
  r: { bus: 'rabbitmq', url: 'amqp://127.0.0.1', username: 'u', password: 'p' },
  k: { bus: 'kafka', brokers: ['127.0.0.1:9092'], sasl: { mechanism: 'plain', username: 'u', password: 'p' } },
};

async function plansOf(pipeline: object): Promise<readonly AccessPlan[]> {
  const { spec, findings } = checkedFile(pipeline);
  if (spec === undefined) assert.fail(JSON.stringify(findings));
  return accessPlans(spec, catalog);
}

/** The configuration for each broker, by its name. */
async function configurationsOf(pipeline: object): Promise<ReadonlyMap<string, string>> {
  const plans = await plansOf(pipeline);
  return new Map(plans.map(({ broker, users }) => [broker.name, broker.write(users, 'p')]));
}

/** The rights of one route over these buses, each in a line, and what cannot be narrowed. */
async function rightsOf(
  from: object,
  to: object,
): Promise<{ readonly lines: readonly string[]; readonly notes: readonly string[] }> {
  const used = new Set([from, to].map((end) => Reflect.get(end, 'bus') as string));
  const buses = Object.fromEntries(Object.entries(BUSES).filter(([name]) => used.has(name)));
  const users = (await plansOf({ name: 'p', buses, routes: [{ name: 'r', from, to }] })).flatMap((plan) => plan.users);
  return {
    lines: users.flatMap(({ rights }) =>
      rights.map(({ operation, kind, on }) => [operation, kind, on].filter((part) => part !== undefined).join(' ')),
    ),
    notes: users.flatMap(({ notes }) => notes),
  };
}

const MEMORY = { bus: 'hub' };

/** What the sink of a route may write that reads `from`. */
async function written(from: object, to: object): Promise<readonly string[]> {
  return (await rightsOf(from, to)).lines.filter(
    (line) => /^(publish|write|Write)/.test(line) && !line.includes('$JS'),
  );
}

test('a template becomes the narrowest pattern that the broker has, and a level that the source fixes stays fixed', async () => {
  const subjects = { bus: 'n', subjects: ['fleet.*.position'] };
  assert.deepEqual(await written(subjects, { bus: 'n', subject: 'a.{subject.1}' }), ['publish a.*']);
  assert.deepEqual(await written(subjects, { bus: 'n', subject: 'a.{subject.0}.b' }), ['publish a.fleet.b']);
  assert.deepEqual(await written(subjects, { bus: 'n', subject: 'a.v1-{subject.1}' }), ['publish a.*']);
  assert.deepEqual(await written(subjects, { bus: 'n', subject: 'a.{route}' }), ['publish a.r']);
  assert.deepEqual(await written(subjects, { bus: 'n', subject: 'a.{subject.1+}' }), ['publish a.*.position']);
  const all = { bus: 'n', subjects: ['fleet.>'] };
  assert.deepEqual(await written(all, { bus: 'n', subject: 'a.{subject.1+}' }), ['publish a.*', 'publish a.*.>']);
  const two = { bus: 'n', subjects: ['eu.*', 'us.*'] };
  assert.deepEqual(await written(two, { bus: 'n', subject: 'a.{subject.0}' }), ['publish a.eu', 'publish a.us']);

  assert.deepEqual(await written(subjects, { bus: 'm', topic: 'a/{subject.1}/v1' }), ['write a/+/v1']);
  assert.deepEqual(await written(all, { bus: 'm', topic: 'a/{subject.1+}' }), ['write a/+/#']);

  assert.deepEqual(await written(subjects, { bus: 'r', exchange: 'x', routingKey: 'a.{subject.1}-{subject.0}' }), [
    'write exchange x',
    String.raw`write topic x a\.[^.]*-fleet`,
  ]);
  assert.deepEqual(await written(all, { bus: 'r', exchange: 'x+y', routingKey: 'a.{subject.1+}' }), [
    String.raw`write exchange x\+y`,
    String.raw`write topic x+y a\.[^.]*(\..*)?`,
  ]);

  assert.deepEqual(await written(subjects, { bus: 'k', topic: 'a.{subject.1}.b' }), ['Write topic prefix a.']);
  assert.deepEqual(await written(subjects, { bus: 'k', topic: 'a.{subject.0}.b' }), ['Write topic a.fleet.b']);
  assert.deepEqual(await written(subjects, { bus: 'k', topic: 'a-{subject.1}' }), ['Write topic prefix a-']);
  assert.deepEqual(await written(subjects, { bus: 'k', topic: '{subject.1}' }), ['Write topic *']);
});

test('what a broker cannot narrow is said', async () => {
  const from = { bus: 'n', subjects: ['fleet.*'] };
  const notesOf = async (to: object): Promise<string> => (await rightsOf(from, to)).notes.join('\n');
  assert.equal(await notesOf({ bus: 'n', subject: 'a' }), '');
  assert.match(await notesOf({ bus: 'r', queue: 'q' }), /every queue of the virtual host/);
  assert.match(await notesOf({ bus: 'k', topic: 'a.{subject.1}' }), /begin with a\. /);
  assert.match(await notesOf({ bus: 'k', topic: '{subject.1}' }), /every topic/);
});

test('a source of core NATS that joins a queue group may subscribe in that group alone, and no inbox is shared', async () => {
  const { lines } = await rightsOf({ bus: 'n', subjects: ['a.>'], queue: 'g' }, { bus: 'n', subject: 'b' });
  assert.deepEqual(lines, ['subscribe a.> g', 'publish b']);
});

const file = (buses: object, more: object = {}): object => ({
  name: 'p',
  buses,
  routes: [
    { name: 'one', from: { bus: 'a', subjects: ['x'] }, to: { bus: 'b', subject: 'y' } },
    ...Object.values(more),
  ],
});

test('several clusters are chosen by a connection, and what cannot be done is said with the way to write it', async () => {
  using project = newProject({
    'pipelines/p.yaml': file({ a: { bus: 'nats', url: 'nats://one' }, b: { bus: 'nats', url: 'nats://two' } }),
    'pipelines/m.yaml': {
      name: 'm',
      buses: { hub: { bus: 'memory', hub: 'h' } },
      routes: [{ name: 'r', from: { ...MEMORY, addresses: ['a'] }, to: { ...MEMORY, address: 'b' } }],
    },
  });
  const run = (...args: string[]): ReturnType<typeof sluiceAcl> => sluiceAcl(args, { cwd: project.folder });
  const [both, one, gone] = await Promise.all([
    run('pipelines/p.yaml', '--for', 'nats'),
    run('pipelines/p.yaml', '--for', 'nats', '--connection', 'b'),
    run('pipelines/p.yaml', '--check', 'nats://127.0.0.1:1', '--connection', 'b'),
  ]);
  assert.deepEqual([both.code, both.stdout], [2, '']);
  assert.match(both.stderr, /choose by --connection \(a at nats one:4222; b at nats two:4222\)/);
  assert.equal(one.code, 0);
  assert.match(one.stdout, /"y"/);
  assert.doesNotMatch(one.stdout, /"x"/);
  assert.match(one.stdout, /subscribe: \{ deny: ">" \}/, 'an empty list would allow everything');
  assert.match(one.stdout, /# connection b: the connection names no user: give it user and password/);
  const others = [
    [['pipelines/p.yaml', '--for', 'artemis'], /expected --for mosquitto, nats, kafka, rabbitmq, found artemis/],
    [['pipelines/p.yaml', '--for', 'kafka'], /no route of p uses such a connection; it has a \(nats\), b \(nats\)/],
    [['pipelines/m.yaml', '--for', 'nats'], /no route of m uses such a connection/],
    [['pipelines/p.yaml'], /either --for BROKER or --check URL/],
    [['pipelines/p.yaml', '--for', 'nats', '--check', 'nats://x'], /either --for BROKER or --check URL/],
    [['pipelines/p.yaml', '--check', 'ftp://x'], /expected a URL of mqtt:\/\/.*, found ftp:/],
    [['pipelines/p.yaml', '--check', 'one'], /expected a URL behind --check/],
  ] as const;
  for (const [[name, ...args], message] of others)
    await assert.rejects(
      async () => acl.run(parseArguments(acl, [project.path(name), ...args])),
      message,
      args.join(' '),
    );
  assert.deepEqual([gone.code, /BUS_UNREACHABLE/.test(gone.stderr)], [3, true]);
});

test('no secret comes into a configuration, and a user of several connections is one user', async () => {
  const words = { user: 'sesame-user', password: 'open-sesame' };
  const texts = await configurationsOf(
    file({
      a: { bus: 'nats', url: 'nats://h', ...words },
      b: { bus: 'nats', url: 'nats://sesame-user:open-sesame@h' },
    }),
  );
  const text = texts.get('nats') ?? '';
  assert.match(text, /user: "sesame-user"/);
  assert.doesNotMatch(text, /open-sesame/);
  assert.equal(text.match(/user:/g)?.length, 1);
});

test('users whose names differ in signs alone have variables of their own for their passwords', async () => {
  const url = 'nats://h';
  const texts = await configurationsOf(
    file({ a: { bus: 'nats', url, user: 'a-b', password: 'p' }, b: { bus: 'nats', url, user: 'a_b', password: 'p' } }),
  );
  assert.match(texts.get('nats') ?? '', /password: \$NATS_PASSWORD_A_B\n[^]*password: \$NATS_PASSWORD_A_B_2\n/);
});

test('no name of the pipeline file can add a line to a configuration', async () => {
  const evil = 'a\ntopic readwrite #\nrm -rf x';
  const identity = { username: evil, password: 'p' };
  const texts = await configurationsOf({
    name: 'm',
    buses: {
      m: { bus: 'mqtt', url: 'mqtt://h', ...identity },
      r: { bus: 'rabbitmq', url: 'amqp://h', ...identity },
      k: { bus: 'kafka', brokers: ['h:1'], sasl: { mechanism: 'plain', ...identity } },
      n: { bus: 'nats', url: 'nats://h', user: evil, password: 'p' },
    },
    routes: [
      { name: 'one', from: { bus: 'r', queue: evil }, to: { bus: 'm', topic: 'y' } },
      { name: 'two', from: { bus: 'k', topics: ['t'], group: evil }, to: { bus: 'n', subject: 's' } },
    ],
  });
  for (const broker of ['mosquitto', 'nats']) assert.doesNotMatch(texts.get(broker) ?? '', /^(topic readwrite|rm)/m);
  for (const broker of ['rabbitmq', 'kafka']) {
    // Each command of the text, as a shell reads it, is one of the tool.
    const tools =
      'rabbitmqctl() { echo tool; }; kafka-acls.sh() { echo tool; }; rm() { echo other; }; topic() { echo other; }';
    const { stdout } = await promisify(execFile)('bash', ['-c', `${tools}\n${texts.get(broker)}`]);
    assert.deepEqual([...new Set(stdout.trim().split('\n'))], ['tool'], broker);
  }
});

test('a bundle holds none of it', async () => {
  using project = newProject({
    'pipelines/p.yaml': file({ a: { bus: 'nats', url: 'nats://h' }, b: { bus: 'nats', url: 'nats://h' } }),
  });
  await using build = startSluice(['build', project.path('pipelines/p.yaml'), '--out', project.path('out')]);
  assert.equal(await build.ended(), 0, build.stderr());
  const text = readFileSync(project.path('out/p.mjs'), 'utf8');
  assert.doesNotMatch(text, /NATS_PASSWORD_|sluice acl/);
});
