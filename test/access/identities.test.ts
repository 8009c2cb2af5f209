import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { missingReferences } from '../../runtime/cli/acl-references.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { type AccessPlan, accessPlans } from '../../runtime/host/access.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { newProject } from '../harness/project.ts';
import { checkedFile } from '../project/checked-file.ts';
import { sluiceAcl } from './sluice-acl.ts';

/** The plans of routes between these connections, each from one to itself, and what was found in the file. */
async function plansOf(buses: Readonly<Record<string, object>>, ends: Readonly<Record<string, readonly object[]>>) {
  const routes = Object.entries(ends).flatMap(([bus, pairs]) =>
    pairs.map((pair, at) => {
      const { from, to } = pair as { readonly from: object; readonly to: object };
      return { name: `${bus}-${at}`, from: { bus, ...from }, to: { bus, ...to } };
    }),
  );
  const { spec, findings } = checkedFile({ name: 'p', buses, routes });
  if (spec === undefined) assert.fail(JSON.stringify(findings));
  return { plans: await accessPlans(spec, catalog), findings };
}

const textOf = ({ broker, users }: AccessPlan): string => broker.write(users, 'p');
const linesOf = ({ users }: AccessPlan): readonly string[] =>
  users.flatMap(({ name, rights }) =>
    rights.map(({ operation, kind = '', on }) => `${name}: ${operation} ${kind} ${on}`.replace('  ', ' ')),
  );

test('connections of different keys are users of their own, whoever has none is told so', async () => {
  const url = 'nats://h';
  const between = (name: string) => [{ from: { subjects: [`${name}.in`] }, to: { subject: `${name}.out` } }];
  const { plans } = await plansOf(
    {
      a: { bus: 'nats', url, nkey: 'env:SEED_A' },
      again: { bus: 'nats', url, nkey: 'env:SEED_A' },
      b: { bus: 'nats', url, nkey: 'env:SEED_B' },
      c: { bus: 'nats', url, creds: 'file:c.creds' },
    },
    { a: between('a'), again: between('again'), b: between('b'), c: between('c') },
  );
  assert.deepEqual(linesOf(plans[0] ?? assert.fail('no plan')), [
    'p: subscribe a.in',
    'p: publish a.out',
    'p: subscribe again.in',
    'p: publish again.out',
    'p-b: subscribe b.in',
    'p-b: publish b.out',
    'p-c: subscribe c.in',
    'p-c: publish c.out',
  ]);
  const text = textOf(plans[0] ?? assert.fail('no plan'));
  assert.match(text, /nkey: \$NATS_NKEY_P\n[^]*nkey: \$NATS_NKEY_P_B\n/);
  assert.doesNotMatch(text, /user:|password:|SEED/, 'a key stands in place of both');
  assert.match(text, /^# \{"pub":\{"allow":\["c\.out"\]\},"sub":\{"allow":\["c\.in"\]\}\}$/m, 'for its JWT');
  assert.doesNotMatch(text, /^ *"c\.out"/m, 'the file of the server names no such user');
});

test('a user name is written in the escapes that nats-server knows', async () => {
  const user = 'a"\\\u0001\b\f\n\tü';
  const { plans } = await plansOf(
    { a: { bus: 'nats', url: 'nats://h', user, password: 'p' } },
    { a: [{ from: { subjects: ['x'] }, to: { subject: 'y' } }] },
  );
  assert.ok(textOf(plans[0] ?? assert.fail('no plan')).includes(String.raw`user: "a\"\\\x01\x08\x0c\n\tü"`));
});

test('the name of everything is the name of nothing in the lists of Kafka', async () => {
  const sasl = (username: string): object => ({ mechanism: 'plain', username, password: 'p' });
  const topics = { from: { topics: ['t'], group: '*' }, to: { topic: 'o' } };
  const { plans } = await plansOf(
    { k: { bus: 'kafka', brokers: ['h:1'], sasl: sasl('*') } },
    { k: [topics, { ...topics, from: { topics: ['t'] } }] },
  );
  const text = textOf(plans[0] ?? assert.fail('no plan'));
  assert.doesNotMatch(text, /^kafka-acls.*(User:'?\*|--group '?\*)/m);
  assert.match(text, /^# left out: group `\*`/m);
  assert.match(text, /--group p-k-1$/m);
  assert.match(text, /^# .*`User:\*` is everybody/m);
});

test('a topic that an ACL file cannot name is left out, because its line would grant another one', async () => {
  const { plans } = await plansOf(
    { m: { bus: 'mqtt', url: 'mqtt://h', username: 'u', password: 'p' } },
    { m: [{ from: { topics: [' secret', 'in ner'] }, to: { topic: 'out ' } }] },
  );
  const text = textOf(plans[0] ?? assert.fail('no plan'));
  assert.deepEqual(text.match(/^topic .*$/gm), ['topic read in ner']);
  assert.match(text, /^# left out: read " secret"/m);
  assert.match(text, /^# left out: write "out "/m);
});

test('a name that begins with a dash is no option of rabbitmqctl', async () => {
  const { plans } = await plansOf(
    { r: { bus: 'rabbitmq', url: 'amqp://h', username: '-u', password: 'p' } },
    { r: [{ from: { queue: 'q' }, to: { exchange: 'x', routingKey: 'k' } }] },
  );
  const commands = textOf(plans[0] ?? assert.fail('no plan')).match(/^rabbitmqctl .*$/gm) ?? [];
  assert.equal(commands.length, 4);
  for (const command of commands) assert.match(command, /^rabbitmqctl \w+( -p \/)? -- -u/);
});

test('a value that names or rights come from has to be there, and a secret only where the command connects with it', async () => {
  const { findings } = await plansOf(
    {
      m: { bus: 'mqtt', url: 'env:URL', username: 'env:NAME', password: 'env:SECRET', tls: { ca: 'file:ca.pem' } },
      other: { bus: 'nats', url: 'env:OTHER' },
    },
    { m: [{ from: { topics: ['env:TOPIC'] }, to: { topic: 'o' } }] },
  );
  const missing = (connects: 'as-pipeline' | 'with-tls' | undefined): readonly string[] =>
    missingReferences(findings, { connections: new Set(['m']), connects }).map(
      ({ found }) => found.split(',')[0] ?? '',
    );
  const names = ['env:URL', 'env:NAME', 'env:TOPIC'];
  assert.deepEqual(missing(undefined).toSorted(), names.toSorted());
  assert.deepEqual(missing('with-tls').toSorted(), [...names, 'file:ca.pem'].toSorted());
  assert.deepEqual(missing('as-pipeline').toSorted(), [...names, 'file:ca.pem', 'env:SECRET'].toSorted());

  using project = newProject({
    'pipelines/p.yaml': {
      name: 'p',
      buses: { n: { bus: 'nats', url: 'nats://h', user: 'env:NAME', password: 'env:SECRET' } },
      routes: [{ name: 'r', from: { bus: 'n', subjects: ['x'] }, to: { bus: 'n', subject: 'y' } }],
    },
  });
  const { code, stdout, stderr } = await sluiceAcl([project.path('pipelines/p.yaml'), '--for', 'nats']);
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /ENV_MISSING {2}error: expected NAME in the environment/);
  assert.doesNotMatch(stderr, /SECRET/);
});

test('connections that have a server in common are of one cluster, and their users in one configuration', async () => {
  const ends = [{ from: { subjects: ['x'] }, to: { subject: 'y' } }];
  const connection = (url: readonly string[], user: string): object => ({ bus: 'nats', url, user, password: 'p' });
  const { plans } = await plansOf(
    {
      a: connection(['nats://one', 'nats://two'], 'u'),
      b: connection(['nats://three', 'nats://four'], 'v'),
      c: connection(['nats://two:4222', 'nats://three'], 'w'),
      d: connection(['nats://five'], 'x'),
    },
    { a: ends, b: ends, c: ends, d: ends },
  );
  assert.deepEqual(
    plans.map(({ users }) => users.map(({ name }) => name)),
    [['u', 'v', 'w'], ['x']],
  );
});

test('the two processes of pipelines/release have one right each at the crossing, and no common one', async () => {
  const rightsOf = async (name: string): Promise<readonly string[]> => {
    const { spec } = readPipeline(join(REPOSITORY, `pipelines/release/${name}.yaml`), 'check').result;
    const plans = await accessPlans(spec ?? assert.fail('not read'), catalog);
    return linesOf(plans.find(({ connections }) => connections.includes('crossing')) ?? assert.fail('no plan'));
  };
  assert.deepEqual(await rightsOf('inspect'), ['inspect: write released/+']);
  assert.deepEqual(await rightsOf('release'), ['release: read released/+']);
});
