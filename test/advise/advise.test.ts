import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { advise } from '../../runtime/advise/advise.ts';
import { adviceText } from '../../runtime/advise/advice-text.ts';
import { BUSES, LINKS, MESSAGE_KINDS, type Needs, SURVIVES } from '../../runtime/advise/needs.ts';
import { askNeeds, type Asker } from '../../runtime/advise/questions.ts';
import { RULES } from '../../runtime/advise/rank.ts';
import { readNeeds } from '../../runtime/advise/read-needs.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { adviceFor } from './case-advice.ts';
import { CASES } from './cases.ts';
import { casesPage, writtenPage } from './cases-page.ts';
import { freshPage, writtenPage as writtenRules } from './rules-page.ts';

function read(text: string): Needs {
  const { needs, findings } = readNeeds(text, 'needs.yaml', catalog);
  assert.ok(needs, findingsText(findings));
  return needs;
}

test('the rules say of each published case what the table of cases says', () => {
  for (const one of CASES) assert.equal(adviceFor(one).ends[one.end].bus, one.ours, one.who);
});

test('the cases are twenty or more, each with a source of its own and with a reason', () => {
  assert.ok(CASES.length >= 20);
  assert.equal(new Set(CASES.map(({ source }) => source.url)).size, CASES.length);
  for (const { who, why, source } of CASES) {
    assert.ok(why.length > 5, who);
    assert.match(source.url, /^https?:\/\/\S+$/, who);
  }
});

test('docs/advise-cases.md shows the cases', () => {
  assert.equal(writtenPage(), casesPage(), 'it drifted: node test/advise/cases-page.ts');
});

test('docs/advise.md shows the rules', () => {
  assert.equal(writtenRules(), freshPage(), 'it drifted: node test/advise/rules-page.ts');
});

test('each rule speaks of a bus, and each verdict has a reason', () => {
  for (const rule of RULES) {
    const verdicts = BUSES.flatMap((bus) => (rule[bus] === undefined ? [] : [rule[bus]]));
    assert.ok(verdicts.length > 0, rule.where);
    for (const [, why] of verdicts) assert.ok(why.length > 10, rule.where);
  }
});

const side = fc.record({
  on: fc.constantFrom(undefined, ...BUSES),
  devices: fc.constantFrom(0, 1, 50, 5000),
  link: fc.constantFrom(...LINKS),
  bandwidth: fc.constantFrom(undefined, 9600, 2_000_000),
  outageMs: fc.constantFrom(undefined, 60_000, 864_000_000),
  domain: fc.constantFrom(undefined, 'high', 'low'),
});
const need = fc.record({
  message: fc.constantFrom(...MESSAGE_KINDS),
  rate: fc.constantFrom(undefined, 1, 5000, 50_000, 5_000_000),
  size: fc.constantFrom(undefined, 100, 2_000_000, 64_000_000),
  latencyMs: fc.constantFrom(undefined, 5, 50, 5000),
  survives: fc.constantFrom(...SURVIVES),
  keepMs: fc.constantFrom(0, 3_600_000, 864_000_000, Infinity),
  order: fc.constantFrom('none', 'key', 'all'),
  readers: fc.constantFrom(1, 5),
  workers: fc.boolean(),
  replies: fc.boolean(),
  routing: fc.boolean(),
  expires: fc.constantFrom(undefined, '30s'),
  owner: fc.constantFrom('producers', 'consumers', 'both'),
  producers: side,
  consumers: side,
});

test('whatever the needs are, the pipeline that is written passes the check, and no excluded bus is advised beside another one', () => {
  // Many needs in one file: a check compiles schemas, which costs most of its time.
  const many = fc
    .array(need, { minLength: 40, maxLength: 60 })
    .map((list) => list.map((one, index) => ({ ...one, name: `n${index}` })));
  const needs = fc.record({
    name: fc.constant('any'),
    have: fc.subarray([...BUSES]),
    labels: fc.boolean(),
    needs: many,
  });
  fc.assert(
    fc.property(needs, (given) => {
      // Throws where the pipeline does not pass.
      const { needs: advised } = advise(given, catalog);
      for (const { ends } of advised)
        for (const { bus, by, candidates } of [ends.producers, ends.consumers])
          if (by === 'advised' && candidates.some((one) => !one.isExcluded))
            assert.ok(candidates.some((one) => one.bus === bus && !one.isExcluded));
    }),
    { numRuns: 2, endOnFailure: true },
  );
});

test('a needs file is refused with line, column and what to write', () => {
  const text = `name: x
have: [kafk]
needs:
  - name: a
    mesage: state
    rate: 5
    producers: { link: sattelite }
  - name: a
    message: even
`;
  const said = readNeeds(text, 'needs.yaml', catalog).findings.map(
    ({ line, column, code, write }) => `${line}:${column} ${code} ${write}`,
  );
  assert.deepEqual(said, [
    '2:8 WRONG_VALUE kafka',
    '5:5 UNKNOWN_FIELD message:',
    '6:11 UNIT_MISSING rate: 5/s',
    '7:24 WRONG_VALUE link: satellite',
    '8:11 DUPLICATE_ROUTE name: a-2',
    '9:14 WRONG_VALUE message: event',
  ]);
});

test('a need that no bus keeps whole says what is lost', () => {
  const { needs } = advise(
    read(`name: cars
needs:
  - { name: unlock, message: order, survives: power-cut, owner: both, producers: { on: nats }, consumers: { devices: 9000 } }
`),
    catalog,
  );
  const [unlock] = needs;
  assert.equal(unlock?.class.name, 'event');
  const limits = unlock?.limits.join('\n') ?? '';
  for (const part of [
    /^nats: core NATS delivers at most once/m,
    /^G3 is needed/m,
    /^mqtt: a confirmation/m,
    /two sides change/,
  ])
    assert.match(limits, part);
});

test('a site behind a satellite gets a spool for its outage, a window and a drain for its link', () => {
  const { pipeline = '' } = advise(
    read(`name: ship
needs:
  - name: reports
    message: event
    rate: 2/s
    size: 200B
    survives: crash
    producers: { on: mqtt, link: satellite, bandwidth: 64kbit/s, outage: 10h }
    consumers: { on: jetstream }
`),
    catalog,
  );
  for (const part of [
    'spool: { max: 64MiB }',
    'window: { messages: 64 }',
    'drain: 15/s',
    'timeout: 1m',
    'keepAlive: 2m',
  ])
    assert.ok(pipeline.includes(part), `${part}\n${pipeline}`);
});

test('two domains have two servers, and a guard is asked for', () => {
  const { needs, pipeline = '' } = advise(
    read(`name: x
labels: true
needs:
  - { name: tracks, message: state, producers: { on: mqtt, domain: high }, consumers: { on: mqtt, domain: low } }
`),
    catalog,
  );
  assert.match(pipeline, /core-mqtt: .*\n {2}far-mqtt: /);
  assert.match(pipeline, /^# Labels: /m);
  assert.match(needs[0]?.limits.join('\n') ?? '', /a guard \(docs\/guards\.md\)[^]*labels: MQTT 3\.1\.1 carries none/);
});

test('needs that no bus can keep say so', () => {
  const { needs } = advise(
    read('name: x\nneeds:\n  - { name: films, message: event, rate: 1000000/s, size: 60MiB, keep: 1d }\n'),
    catalog,
  );
  assert.match(needs[0]?.limits.join('\n') ?? '', /^no bus keeps all of this/m);
});

test('needs within one bus get no bridge', () => {
  const advice = advise(
    read('name: x\nneeds:\n  - { name: jobs, message: task, workers: true, order: none }\n'),
    catalog,
  );
  assert.equal(advice.pipeline, undefined);
  assert.match(adviceText(advice, 100), /jobs \(task\): rabbitmq at both ends, no bridge/);
});

test('the example of docs/advise.md is a needs file, and its advice fits the width', () => {
  const page = readFileSync(new URL('../../docs/advise.md', import.meta.url), 'utf8');
  const text = adviceText(advise(read(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? ''), catalog), 60);
  assert.match(text, /positions \(state\): mqtt -> kafka/);
  for (const line of text.split('\n')) assert.ok(line.length <= 60 || !line.trim().includes(' '), line);
});

test('answers at a terminal become a needs file', async () => {
  const answers: Readonly<Record<string, string>> = {
    'Name of the pipeline': 'fleet',
    'One kind of messages: its name': 'positions',
    'What does such a message say?': 'state',
    'How many a second, of all producers together?': '500/s',
    'The producers: how many small devices connect?': '5000',
    'The producers: what link is between them and the rest?': 'satellite',
    'How long is its longest outage?': '10m',
  };
  const asked: string[] = [];
  const asker: Asker = {
    async text(question, _sample, wrong) {
      asked.push(question);
      const answer = answers[question] ?? '';
      assert.equal(wrong(answer), undefined, question);
      assert.ok(wrong('!') !== undefined, question);
      return answer;
    },
    choose: async (question, choices) => answers[question] ?? choices[0]?.value ?? '',
    chooseSome: async () => ['kafka'],
    confirm: async () => false,
  };
  const text = await askNeeds(asker);
  const [positions] = read(text).needs;
  assert.equal(positions?.rate, 500);
  assert.deepEqual(positions?.producers, {
    on: undefined,
    devices: 5000,
    link: 'satellite',
    bandwidth: undefined,
    outageMs: 600_000,
    domain: undefined,
  });
  assert.ok(asked.length > 8);
});
