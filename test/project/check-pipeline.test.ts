import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { findingsEnvelope, findingsText } from '../../runtime/project/check/findings-text.ts';
import type { PipelineSpec } from '../../runtime/project/pipeline-spec.ts';
import { surroundingsOf } from '../../runtime/project/read/references.ts';
import { resolvePipeline } from '../../runtime/project/read/resolve-pipeline.ts';
import { PROJECT, WORDS } from './words.ts';

const FLEET = readFileSync(new URL('good/fleet.yaml', import.meta.url), 'utf8');
const FILES: Readonly<Record<string, string>> = { 'tls/ca.pem': 'PEM TEXT\n' };

function readFile(path: string): string {
  const text = FILES[path];
  if (text === undefined) throw new Error('no such file');
  return text;
}

function check(text: string, environment: Record<string, string> = {}, mode: 'check' | 'run' = 'check') {
  return checkPipeline({ text, file: 'p.yaml', catalog: WORDS, project: PROJECT, environment, readFile, mode });
}

/** A spec as data: what reads files anew is equal to itself alone. */
function dataOf(spec: PipelineSpec | undefined): unknown {
  if (spec === undefined) return undefined;
  const connections = [...spec.connections].map(([name, { reread, ...data }]) => [
    name,
    { ...data, rereads: reread !== undefined },
  ]);
  return { ...spec, connections };
}

test('a good file yields a spec with references resolved, defaults filled in and quantities as numbers', () => {
  const { spec, findings } = check(FLEET, { MQTT_PASSWORD: 'pw' }, 'run');
  assert.ok(spec, findingsText(findings));
  assert.equal(spec.name, 'fleet');
  assert.deepEqual(spec.connections.get('field'), {
    name: 'field',
    bus: 'mqtt',
    options: {
      url: 'mqtt://127.0.0.1:1883',
      protocol: '5',
      username: 'bridge',
      password: 'pw',
      keepAlive: '20s',
    },
  });
  assert.deepEqual(spec.connections.get('core')?.options, {
    url: 'nats://127.0.0.1:4222',
    tls: { ca: 'PEM TEXT' },
  });
  const [positions, orders] = spec.routes;
  assert.deepEqual(positions?.from, {
    connection: 'field',
    bus: 'mqtt',
    options: { topics: ['fleet/+/position'], qos: 0, session: '1d' },
    grade: undefined,
    cloudevents: undefined,
    codec: undefined,
    key: '{topic.1}',
    id: undefined,
    sequence: undefined,
    timestamp: undefined,
    assumedLabel: undefined,
    binding: undefined,
    expiresMs: 30_000,
    expiresOfPublisher: false,
    maxHops: 16,
    dedupe: undefined,
    maxBodyBytes: undefined,
    traceContext: undefined,
    window: { messages: 100, slowMessages: 100, bytes: 64 * 1024 * 1024 },
  });
  assert.deepEqual(positions.stages[2], {
    verb: 'function',
    kind: WORDS.stages.get('function'),
    name: 'enrich',
    value: 'enrich',
    options: { with: { region: 'north', depth: 2 }, timeout: '5s' },
    place: 'p.yaml:26:9',
  });
  assert.deepEqual(positions.stages[1]?.options, { timeout: '30s' });
  assert.deepEqual(positions.to, {
    connection: 'core',
    bus: 'jetstream',
    options: { stream: 'TRACKS', subject: 'tracks.{key}' },
    address: 'tracks.{key}',
    sign: undefined,
    when: undefined,
    grade: undefined,
    cloudevents: undefined,
    codec: undefined,
    headers: { set: new Map([['origin', '{route}/{id}']]), drop: [], unspellable: 'encode' },
  });
  assert.deepEqual(positions.sinks, [positions.to]);
  assert.deepEqual(positions.retry, { attempts: 5, backoff: { firstMs: 100, capMs: 10_000 }, networkMs: 60_000 });
  assert.deepEqual(orders?.retry, { attempts: 3, backoff: { firstMs: 1000, capMs: 60_000 }, networkMs: 60_000 });
  assert.deepEqual(orders.to.options, { topic: 'fleet/{key}/orders', retain: true, qos: 1 });
  assert.deepEqual(orders.from.options, { stream: 'ORDERS', subjects: ['orders.>'], start: { sequence: 7 } });
});

test('what a bus does not promise is said, and is no error', () => {
  const { findings } = check(FLEET);
  const codes = findings.map(({ code, severity, line }) => `${line} ${severity} ${code}`);
  assert.deepEqual(codes, [
    '10 warning ENV_MISSING',
    '17 warning AT_MOST_ONCE',
    '17 notice BUS_NOTE',
    '21 notice EXPIRY_CLOCK',
    '26 notice BODY_UNDESCRIBED',
    '28 notice TEMPLATE_ENCODED',
    '39 notice BODY_UNDESCRIBED',
  ]);
  assert.equal(findingsEnvelope(findings).ok, true);
});

test('a body that no schema describes is said of each route that can send one', () => {
  const found = (stages: string): readonly string[] =>
    checkPipeline({
      text: `name: p\nbuses: { b: { bus: mqtt, url: mqtt://h } }\nroutes:\n  - name: r\n    from: { bus: b, topics: [in], qos: 1 }\n    stages: [${stages}]\n    to: { bus: b, topic: out }\n`,
      file: 'p.yaml',
      catalog,
      project: { functions: ['f.ts'], schemas: ['s.json'] },
      environment: {},
      readFile: () => '',
      mode: 'check',
    })
      .findings.filter(({ code }) => code === 'BODY_UNDESCRIBED')
      .map(({ severity, path, column }) => `${severity} ${path} ${column}`);
  assert.deepEqual(found(''), ['notice /routes/0/to 9']);
  assert.deepEqual(found('{ function: f }'), ['notice /routes/0/stages/0/function 26']);
  assert.deepEqual(found('{ validate: s }'), []);
  assert.deepEqual(found('{ function: f }, { validate: s }'), []);
  assert.deepEqual(found('{ validate: s }, { function: f }'), ['warning /routes/0/stages/1/function 43']);
  assert.deepEqual(found('{ validate: s }, { function: f }, { validate: s }'), []);
});

test('a function or schema is named without its ending, and no two files may have one name', () => {
  const named = (stage: string): readonly string[] =>
    checkPipeline({
      text: `name: p\nbuses: { b: { bus: mqtt, url: mqtt://h } }\nroutes:\n  - name: r\n    from: { bus: b, topics: [in], qos: 1 }\n    stages: [{ ${stage} }]\n    to: { bus: b, topic: out }\n`,
      file: 'p.yaml',
      catalog: WORDS,
      project: { functions: ['f.ts', 'two.js', 'two.ts', 'two.test.ts'], schemas: ['body.v1.json'] },
      environment: {},
      readFile,
      mode: 'check',
    })
      .findings.filter(({ severity }) => severity === 'error')
      .map(({ code, found, write }) => `${code} ${found} -> ${write}`);
  assert.deepEqual(named('validate: body.v1'), []);
  assert.deepEqual(named('validate: body.v1.json'), [
    'UNKNOWN_SCHEMA body.v1.json, with the ending of the file -> validate: body.v1',
  ]);
  assert.deepEqual(named('validate: mass.v1.json'), ['UNKNOWN_SCHEMA no such file -> the file schemas/mass.v1.json']);
  assert.deepEqual(named('function: f.ts'), ['UNKNOWN_FUNCTION f.ts, with the ending of the file -> function: f']);
  assert.deepEqual(named('function: two'), [
    'FUNCTION_TWICE two.js and two.ts -> nothing here: keep two.ts, and remove or rename two.js',
  ]);
});

test('a missing variable is a warning to check and an error to run', () => {
  const missing = check(FLEET, {}, 'run');
  assert.equal(missing.spec, undefined);
  const [finding] = missing.findings;
  assert.deepEqual([finding?.code, finding?.severity, finding?.line], ['ENV_MISSING', 'error', 10]);
  assert.equal(findingsEnvelope(missing.findings).ok, false);
});

test('an empty variable counts as not set', () => {
  const { spec } = check(FLEET, { MQTT_PASSWORD: 'pw', MQTT_URL: '' }, 'run');
  assert.equal(spec?.connections.get('field')?.options['url'], 'mqtt://127.0.0.1:1883');
});

test('a reference stays text unless its place takes only a number or a boolean', () => {
  const environment = { MQTT_PASSWORD: '7391', QOS: '1', RETAIN: 'false', REGION: '5' };
  const { spec } = check(FLEET, environment, 'run');
  assert.equal(spec?.connections.get('field')?.options['password'], '7391');
  assert.equal(spec?.routes[0]?.from.options['qos'], 1);
  assert.equal(spec?.routes[1]?.to.options['retain'], false);
  assert.deepEqual(spec?.routes[0]?.stages[2]?.options['with'], { region: '5', depth: 2 });
});

test('a file says what it needs of its surroundings, without contents', () => {
  const { document } = check(FLEET, { MQTT_PASSWORD: 'pw' });
  assert.deepEqual(surroundingsOf(document?.value), {
    environment: [
      { name: 'MQTT_URL', required: false },
      { name: 'MQTT_PASSWORD', required: true },
      { name: 'NATS_URL', required: false },
      { name: 'QOS', required: false },
      { name: 'REGION', required: false },
      { name: 'RETAIN', required: false },
    ],
    files: ['tls/ca.pem'],
  });
});

test('a bundle resolves its document to the spec that a check of the file makes', () => {
  const environment = { MQTT_PASSWORD: 'pw', QOS: '1', NATS_URL: 'nats://elsewhere:4222' };
  const { document } = check(FLEET);
  assert.ok(document);
  // Through JSON: that is how a bundle holds it.
  const embedded = JSON.parse(JSON.stringify(document));
  const resolution = resolvePipeline(embedded, WORDS, { environment, readFile, mode: 'run' });
  assert.deepEqual(dataOf(resolution.spec), dataOf(check(FLEET, environment, 'run').spec));
});

test('a bundle refuses what a reference brings and the schema does not take, at its place in the file', () => {
  const { document } = check(FLEET);
  assert.ok(document);
  const environment = { MQTT_URL: 's3cret://h', QOS: '7' };
  const { spec, findings } = resolvePipeline(document, WORDS, { environment, readFile, mode: 'run' });
  assert.equal(spec, undefined);
  const errors = findings.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    errors.map(({ line, column, code, file }) => `${file}:${line}:${column} ${code}`),
    ['p.yaml:7:12 WRONG_VALUE', 'p.yaml:10:17 ENV_MISSING', 'p.yaml:19:12 WRONG_VALUE'],
  );
  assert.ok(!findingsText(findings).includes('s3cret'));
});

test('the judge of a bundle and the judge of the file agree on every value that comes by reference', () => {
  const values = ['', ' ', '0', '1', '2', '-1', '1.0', '01', '1e0', 'true', 'TRUE', 'mqtt://h', 'x', '5', '30s'];
  const { document } = check(FLEET, { MQTT_PASSWORD: 'pw' });
  assert.ok(document);
  for (const name of ['MQTT_URL', 'QOS', 'RETAIN', 'NATS_URL']) {
    for (const value of values) {
      const environment = { MQTT_PASSWORD: 'pw', [name]: value };
      const atStart = resolvePipeline(document, WORDS, { environment, readFile, mode: 'run' });
      const checked = check(FLEET, environment, 'run');
      assert.deepEqual(dataOf(atStart.spec), dataOf(checked.spec), `${name}=${value}`);
    }
  }
});

test('a driver that echoes a secret in a flaw does not get it out', () => {
  const text = FLEET.replace('      username: bridge,\n', '');
  const { findings } = check(text, { MQTT_PASSWORD: 's3cret' });
  const flaw = findings.find(({ code }) => code === 'OPTIONS_CONFLICT');
  assert.equal(flaw?.found, 'none beside env:MQTT_PASSWORD');
  assert.deepEqual([flaw.line, flaw.column, flaw.path], [4, 3, '/buses/field/username']);
});

test('a secret that stands in the file itself is not shown either', () => {
  const broken = FLEET.replace('password: env:MQTT_PASSWORD', 'password: 73917391').replace(
    "'env:MQTT_URL|mqtt://127.0.0.1:1883'",
    'mqqt://bridge:s3cret@h:1883',
  );
  const { findings } = check(broken);
  const said = findingsText(findings);
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error').map(({ code }) => code),
    ['WRONG_VALUE', 'WRONG_TYPE'],
  );
  assert.ok(!said.includes('7391') && !said.includes('s3cret'), said);
});

test('the default of a reference is not shown', () => {
  const { findings } = check(FLEET.replace('env:QOS|0', 'env:QOS|s3cret'));
  const finding = findings.find(({ code }) => code === 'WRONG_VALUE');
  assert.equal(finding?.found, 'the default of env:QOS, whose content is something else (it is not shown)');
});

test('a driver is asked about combinations even where a secret is elsewhere', () => {
  const { findings } = check(FLEET.replace('      username: bridge,\n', ''));
  assert.ok(findings.some(({ code }) => code === 'OPTIONS_CONFLICT'));
});

test('the text of findings reads file:line:column, code, expected, found, and what to write', () => {
  const { findings } = check(FLEET.replace('attempts: 3', 'attemts: 3'), { MQTT_PASSWORD: 'pw' });
  const errors = findings.filter(({ severity }) => severity === 'error');
  assert.equal(
    findingsText(errors),
    'p.yaml:40:14  UNKNOWN_FIELD  error: expected attempts, backoff or network, found attemts\n    write attempts:\n',
  );
  assert.equal(errors[0]?.suggestion, 'attempts');
});

const twoRoutes = (from: string): string =>
  `routes:
  - name: a
    from: &from { bus: b, topics: [x], qos: 0 }
    to: { bus: b, topic: y }
  - name: c
    from: ${from}
    to: { bus: b2, topic: y }
`;

test('anchors and merge keys make the same spec as the text written out', () => {
  const head = 'name: p\nbuses: { b: &b { bus: mqtt, url: "mqtt://h:1" }';
  const short = check(`${head}, b2: *b }\n${twoRoutes('{ <<: *from, topics: [z] }')}`);
  const long = check(
    `${head}, b2: { bus: mqtt, url: "mqtt://h:1" } }\n${twoRoutes('{ bus: b, topics: [z], qos: 0 }')}`,
  );
  assert.ok(short.spec, findingsText(short.findings));
  assert.deepEqual(short.spec, long.spec);
});
